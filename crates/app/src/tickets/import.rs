//! Bringing tickets along from another system.

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    caller::Visibility,
    category::Category,
    ports::{Meaning, TriageInput, Wake},
    ticket::ImportedTicket,
};

use super::create::{Draft, check_staff_fields};
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
        let known = self.known_ones(&batch).await?;
        let readings = self.read_open_ones(&batch, &known, &categories).await?;
        let meanings = self.meanings_of(&batch, &known, &readings).await?;
        let tx = self.store.begin().await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for ((line, reading), meaning) in batch.into_iter().zip(readings).zip(meanings) {
            let outcome = async {
                // Asked again: a batch may hold the same ticket twice.
                if let Some(id) = &line.external_id
                    && tx.tickets().is_known(id.as_str()).await?
                {
                    return Ok(ImportOutcome::Present);
                }
                check_staff_fields(ctx, &line.ticket)?;
                self.check_new(ctx, &line.ticket, &categories).await?;
                let created_at = line.created_at.unwrap_or(ctx.now);
                let mut draft = Draft::fill(line.ticket, reading, &categories, created_at)?;
                draft.status = line.status;
                draft.external_id = line.external_id;
                draft.ask_later = false;
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
        self.wake(Wake::Events);
        self.wake(Wake::Index);
        self.wake(Wake::Labels);
        Ok(outcomes)
    }

    /// Which ones are there already, so that nothing is read for them: a repeat costs little.
    async fn known_ones(&self, batch: &[ImportedTicket]) -> Result<Vec<bool>> {
        let mut known = Vec::with_capacity(batch.len());
        for line in batch {
            known.push(match &line.external_id {
                Some(id) => self.store.tickets().is_known(id.as_str()).await?,
                None => false,
            });
        }
        Ok(known)
    }

    /// Reads those that leave category or priority open.
    async fn read_open_ones(
        &self,
        batch: &[ImportedTicket],
        known: &[bool],
        categories: &[Category],
    ) -> Result<Vec<Option<TriageReading>>> {
        let open = |(line, known): &(&ImportedTicket, &bool)| {
            !**known && (line.ticket.category.is_none() || line.ticket.priority.is_none())
        };
        let lines = || batch.iter().zip(known);
        let inputs: Vec<_> = lines().filter(open).map(|(line, _)| input(line)).collect();
        let readings = if inputs.is_empty() {
            Vec::new()
        } else {
            self.read_texts(inputs, categories, Visibility::All, None).await?
        };
        let mut readings = readings.into_iter();
        Ok(lines().map(|line| if open(&line) { readings.next() } else { None }).collect())
    }

    /// The meaning of those that were not read, so that an import leaves nothing to be indexed.
    async fn meanings_of(
        &self,
        batch: &[ImportedTicket],
        known: &[bool],
        readings: &[Option<TriageReading>],
    ) -> Result<Vec<Option<Meaning>>> {
        let unread: Vec<_> = known.iter().zip(readings).map(|(k, r)| !k && r.is_none()).collect();
        let inputs: Vec<_> = batch
            .iter()
            .zip(&unread)
            .filter(|(_, unread)| **unread)
            .map(|(l, _)| input(l))
            .collect();
        if inputs.is_empty() {
            return Ok(vec![None; batch.len()]);
        }
        let mut meanings = self.engine.meanings(inputs).await?.unwrap_or_default().into_iter();
        Ok(unread.iter().map(|unread| if *unread { meanings.next() } else { None }).collect())
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
