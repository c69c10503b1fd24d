//! Deleting tickets.

use atc_core::{
    Ctx, Result,
    event::EventKind,
    id::{TicketEventId, TicketRef},
    ports::Wake,
    ticket::{AuditChange, AuditKind},
};
use atc_store::NewAuditEntry;

use super::events;
use crate::{App, IfMatch};

impl App {
    /// Deletes a ticket with its files. Its audit trail stays.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn delete_ticket(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        if_match: &IfMatch,
    ) -> Result<()> {
        let tx = self.store.begin().await?;
        let ticket = tx.tickets().get_for_update(reference, ctx.caller.visibility()).await?;
        if_match.check(ticket.version)?;
        let blobs = tx.files().delete_of_ticket(ticket.number).await?;
        tx.tickets().delete(ticket.number).await?;
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket: ticket.number,
                kind: AuditKind::Deleted,
                actor: Some(ctx.caller.user_id),
                changes: vec![AuditChange::new("title", ticket.title.as_str(), None::<&str>)],
                internal: false,
                request_id: &ctx.request_id,
                at: ctx.now,
            })
            .await?;
        let (id, requester) = (ticket.id, ticket.requester.id);
        events::append(&tx, EventKind::TicketDeleted, id, requester, ctx.now).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        self.erase(&blobs).await;
        self.wake(Wake::Labels);
        Ok(())
    }
}
