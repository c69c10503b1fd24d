//! Bringing tickets along from another system.

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    caller::Visibility,
    category::Category,
    ports::{Meaning, TriageInput},
    ticket::ImportedTicket,
};

use super::create::{Draft, check_new, check_staff_fields};
use crate::{App, triage::TriageReading};

/// What became of an imported line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It was made.
    Created,
    /// It was there already.
    Present,
}

impl App {
    /// Makes tickets from an import, in one transaction: each stands or falls for itself, in the
    /// order of the lines. A ticket whose `external_id` is there already is left alone.
    ///
    /// # Errors
    /// Only when the whole batch failed, such as when the database is away.
    pub async fn import_tickets(
        &self,
        ctx: &Ctx,
        batch: Vec<ImportedTicket>,
    ) -> Result<Vec<Result<ImportOutcome>>> {
        let categories = self.store.categories().all().await?;
        let readings = self.read_open_ones(&batch, &categories).await?;
        let meanings = self.meanings_of(&batch, &readings).await?;
        let tx = self.store.begin().await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for ((line, reading), meaning) in batch.into_iter().zip(readings).zip(meanings) {
            let outcome = async {
                if let Some(id) = &line.external_id
                    && tx.tickets().find_by_external_id(id.as_str()).await?.is_some()
                {
                    return Ok(ImportOutcome::Present);
                }
                check_staff_fields(ctx, &line.ticket)?;
                check_new(&line.ticket, &categories)?;
                let created_at = line.created_at.unwrap_or(ctx.now);
                let mut draft = Draft::fill(line.ticket, reading, &categories, created_at)?;
                draft.status = line.status;
                draft.external_id = line.external_id;
                let number = self.insert_draft(&tx, ctx, draft).await?;
                if let Some(meaning) = &meaning {
                    tx.tickets().set_meaning(number, None, meaning).await?;
                }
                Ok(ImportOutcome::Created)
            }
            .await;
            match outcome {
                Err(e) if !is_the_lines_own(&e) => return Err(e),
                outcome => outcomes.push(outcome),
            }
        }
        tx.commit().await?;
        self.index_signal.notify_one();
        self.label_signal.notify_one();
        Ok(outcomes)
    }

    /// Reads those that leave category or priority open.
    async fn read_open_ones(
        &self,
        batch: &[ImportedTicket],
        categories: &[Category],
    ) -> Result<Vec<Option<TriageReading>>> {
        let open = |line: &ImportedTicket| {
            line.ticket.category.is_none() || line.ticket.priority.is_none()
        };
        let inputs: Vec<_> = batch.iter().filter(|l| open(l)).map(input).collect();
        let readings = if inputs.is_empty() {
            Vec::new()
        } else {
            self.read_texts(inputs, categories, Visibility::All, None).await?
        };
        let mut readings = readings.into_iter();
        Ok(batch.iter().map(|l| if open(l) { readings.next() } else { None }).collect())
    }

    /// The meaning of those that were not read, so that an import leaves nothing to be indexed.
    async fn meanings_of(
        &self,
        batch: &[ImportedTicket],
        readings: &[Option<TriageReading>],
    ) -> Result<Vec<Option<Meaning>>> {
        let unread = || batch.iter().zip(readings).filter(|(_, r)| r.is_none());
        let inputs: Vec<_> = unread().map(|(line, _)| input(line)).collect();
        if inputs.is_empty() {
            return Ok(vec![None; batch.len()]);
        }
        let mut meanings = self.engine.meanings(inputs).await?.unwrap_or_default().into_iter();
        Ok(readings.iter().map(|r| if r.is_none() { meanings.next() } else { None }).collect())
    }
}

fn input(line: &ImportedTicket) -> TriageInput {
    TriageInput {
        title: Some(line.ticket.title.as_str().to_owned()),
        text: line.ticket.description.as_str().to_owned(),
    }
}

/// Whether an error is a fault of the line, which leaves the transaction as it was.
fn is_the_lines_own(e: &Error) -> bool {
    matches!(e.code, ErrorCode::Invalid | ErrorCode::Forbidden)
}
