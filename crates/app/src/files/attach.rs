//! Files as evidence of tickets.

use atc_core::{
    Ctx, Error, Result,
    caller::Visibility,
    error::Faults,
    event::EventKind,
    file::{FileId, FileName},
    id::{TicketEventId, TicketNumber, TicketRef},
    ticket::{AuditChange, AuditKind},
};
use atc_store::{NewAuditEntry, TicketChange, Tx};

use crate::{App, tickets::append_ticket_event};

impl App {
    /// Notes every file of these that the caller may not attach to a new ticket, as a fault of
    /// `/attachment_ids`.
    pub(crate) async fn check_attachments(
        &self,
        ctx: &Ctx,
        ids: &[FileId],
        faults: &mut Faults,
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let found = self.store.files().find_many(ids, ctx.caller.visibility()).await?;
        for (i, id) in ids.iter().enumerate() {
            let why = match found.iter().find(|file| file.id == *id) {
                None => "There is no such file, or you may not see it.",
                Some(file) if file.ticket_id.is_some() => "This file belongs to another ticket.",
                Some(_) => continue,
            };
            faults.body(format!("/attachment_ids/{i}"), why);
        }
        Ok(())
    }

    /// Makes files evidence of a ticket that this transaction has just made.
    ///
    /// # Errors
    /// Conflict when one was attached elsewhere or deleted meanwhile.
    pub(crate) async fn attach_files(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: TicketNumber,
        ids: &[FileId],
    ) -> Result<()> {
        let mut read = false;
        let mut attached: Vec<FileId> = Vec::new();
        for id in ids {
            if attached.contains(id) {
                continue;
            }
            let file = tx.files().get_for_update(*id, ctx.caller.visibility()).await?;
            if !tx.files().attach(*id, ticket).await? {
                return Err(Error::conflict("An attachment was attached to another ticket."));
            }
            read |= file.status.is_settled();
            attached.push(*id);
        }
        if read {
            // What was read in them is found with the ticket from now on.
            let reference = TicketRef::Number(ticket);
            let before = tx.tickets().get_for_update(reference, Visibility::All).await?;
            let change = TicketChange { files: true, ..TicketChange::default() };
            tx.tickets().update(&before, &change, None, ctx.now).await?;
        }
        Ok(())
    }

    /// Notes in the ticket that a file was attached to it.
    pub(super) async fn note_attached(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: TicketNumber,
        file: &FileName,
    ) -> Result<()> {
        let attached = AuditChange::new("attachments", None::<&str>, file.as_str());
        self.note_file(tx, ctx, ticket, AuditKind::FileAttached, attached).await
    }

    /// Notes what became of a file in its ticket.
    pub(super) async fn note_file(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: TicketNumber,
        kind: AuditKind,
        file: AuditChange,
    ) -> Result<()> {
        let reference = TicketRef::Number(ticket);
        let before = tx.tickets().get_for_update(reference, Visibility::All).await?;
        let change =
            TicketChange { files: kind == AuditKind::FileDeleted, ..TicketChange::default() };
        tx.tickets().update(&before, &change, None, ctx.now).await?;
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket,
                kind,
                actor: Some(ctx.caller.user_id),
                changes: vec![file],
                // A file is its uploader's and the staff's.
                internal: before.requester.id != ctx.caller.user_id,
                request_id: &ctx.request_id,
                at: ctx.now,
            })
            .await?;
        let requester = before.requester.id;
        append_ticket_event(tx, EventKind::TicketUpdated, before.id, requester, ctx.now).await
    }
}
