//! Running triage on a ticket again, or for the first time where it was skipped.

use atc_core::{
    Ctx, Error, Result,
    caller::Visibility,
    decision::{DecisionAction, FieldChange},
    event::EventKind,
    file::FileId,
    id::{TicketEventId, TicketId, TicketRef, UserId},
    job::Failure,
    ports::{TriageInput, Wake},
    ticket::{AuditChange, AuditKind, Ticket},
};
use atc_store::{NewAuditEntry, StoreError, TicketChange};
use serde::{Deserialize, Serialize};

use super::events;
use crate::{
    App,
    agents::Task,
    worker::{Job, Run},
};

/// Reads a ticket again, now that one more of its files was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TriageAgain {
    /// Which ticket.
    pub ticket_id: TicketId,
    /// Which file.
    pub file_id: FileId,
}

impl Job for TriageAgain {
    const KIND: &'static str = "ticket.triage.v1";

    fn unique_key(&self) -> Option<String> {
        Some(format!("triage:{}:{}", self.ticket_id, self.file_id))
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let ticket = match app.store.tickets().get(self.ticket_id.into(), Visibility::All).await {
            // It was deleted in between.
            Err(StoreError::NotFound(_)) => return Ok(()),
            found => found.map_err(Error::from)?,
        };
        app.triage_again(ticket, None, Reader::Agent, "background").await?;
        Ok(())
    }
}

/// Who reads a ticket again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The categorization agent, with its language model where it has one.
    Agent,
    /// The embedded engine now, and a language model later.
    Engine,
}

impl App {
    /// Reads a ticket again, for staff. Category and priority follow the new reading unless a person set them;
    /// its assignment stays.
    ///
    /// # Errors
    /// Not found when it is not there; unavailable when the engine has too much to do.
    pub async fn triage_ticket(&self, ctx: &Ctx, reference: TicketRef) -> Result<Ticket> {
        let ticket = self.store.tickets().get(reference, ctx.caller.visibility()).await?;
        let actor = Some(ctx.caller.user_id);
        self.triage_again(ticket, actor, Reader::Agent, &ctx.request_id).await
    }

    /// The same for anyone: `actor` is `None` where the program does it by itself.
    pub(crate) async fn triage_again(
        &self,
        ticket: Ticket,
        actor: Option<UserId>,
        reader: Reader,
        request_id: &str,
    ) -> Result<Ticket> {
        let now = self.now();
        let categories = self.store.categories().all().await?;
        let input = TriageInput {
            title: Some(ticket.title.as_str().to_owned()),
            text: ticket.description.as_str().to_owned(),
        };
        let ids: Vec<_> = ticket.attachments.iter().map(|file| file.id).collect();
        let files = self.store.files().read_ones(&ids).await?;
        let exclude = Some(ticket.number);
        let visibility = Visibility::All;
        let reading = match reader {
            Reader::Agent => {
                let asked = (Task::Triage, actor);
                self.read_with_agent(input, &files, &categories, visibility, exclude, asked).await?
            }
            Reader::Engine => {
                self.read_with_files(input, &files, &categories, visibility, exclude).await?
            }
        };
        let stored = reading.stored(ticket.requester.id)?;
        let triage = &reading.triage;

        let tx = self.store.begin().await?;
        let reference = TicketRef::Number(ticket.number);
        let before = tx.tickets().get_for_update(reference, Visibility::All).await?;
        let by_person = tx.tickets().labels_by_person(before.number).await?;
        let mut change = TicketChange { triage: Some(stored), ..TicketChange::default() };
        let mut audit = Vec::new();
        let mut changed = Vec::new();
        let mut change_field = |field: &str, from: &str, to: &str| {
            audit.push(AuditChange::new(field, from, to));
            let (from, to) = (Some(from.to_owned()), to.to_owned());
            changed.push(FieldChange { field: field.to_owned(), from, to });
        };
        if by_person.category {
            change.needs_review = Some(false);
        } else if before.category != triage.category {
            change_field("category", before.category.as_str(), triage.category.as_str());
            change.category = Some((triage.category.clone(), false));
        }
        // What was read by a model of others may raise a priority; lowering takes the engine's own word.
        let lowered = triage.priority < before.priority && reading.advice().is_some();
        if !by_person.priority && before.priority != triage.priority && !lowered {
            change_field("priority", before.priority.as_str(), triage.priority.as_str());
            change.priority = Some((triage.priority, false));
        }
        // The meaning belongs to the text that was read; another may have been written meanwhile.
        let same_text = before.title == ticket.title
            && before.description == ticket.description
            && before.attachments == ticket.attachments;
        let meaning = reading.analysis.meaning.as_ref().filter(|_| same_text);
        tx.tickets().update(&before, &change, meaning, now).await?;
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket: before.number,
                kind: AuditKind::Triaged,
                actor,
                changes: audit,
                internal: false,
                request_id,
                at: now,
            })
            .await?;
        let action = DecisionAction::TicketTriaged;
        let mut decision = reading.decision(action, before.number, actor, changed);
        if !by_person.category {
            decision.category = Some(triage.category.clone());
        }
        let agent = decision.agent;
        self.record_decision(&tx, decision, now).await?;
        match reader {
            Reader::Agent => self.enqueue_beside(&tx, agent, before.id).await?,
            Reader::Engine => self.enqueue_advice(&tx, before.id).await?,
        }
        let after = tx.tickets().reload(before.number, Visibility::All).await?;
        let (id, requester) = (after.id, after.requester.id);
        events::append(&tx, EventKind::TicketUpdated, id, requester, now).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(after)
    }
}
