//! Putting a decision back.

use atc_core::{
    Ctx, Error, Result,
    caller::Visibility,
    category::Slug,
    decision::{Decision, FieldChange, Undo},
    event::EventKind,
    id::{CommentId, DecisionId, TicketEventId, TicketRef},
    ports::Wake,
    ticket::{AuditChange, AuditKind, Priority, Status, Ticket},
};
use atc_store::{NewAuditEntry, TicketChange, Tx};

use crate::{App, tickets};

impl App {
    /// Puts a decision back: fields that nobody changed since get what they had before, and what had
    /// nothing before is left for a person to decide; a ticket that was made is cancelled; a comment is
    /// deleted. A decision is put back once.
    ///
    /// # Errors
    /// Not found when it is not there; conflict when it was put back already, changed nothing, or others
    /// went on from it.
    pub async fn revert_decision(&self, ctx: &Ctx, id: DecisionId) -> Result<Decision> {
        let number = self.store.decisions().get(id).await?.ticket;
        let tx = self.store.begin().await?;
        // A ticket is held before what hangs on it, as everywhere.
        let ticket = match number {
            Some(number) => {
                let reference = TicketRef::Number(number);
                Some(tx.tickets().get_for_update(reference, Visibility::All).await?)
            }
            None => None,
        };
        let decision = tx.decisions().get_for_update(id).await?;
        if decision.reverted.is_some() {
            return Err(Error::conflict("This decision was put back already."));
        }
        let (Some(undo), Some(ticket)) = (&decision.undo, ticket) else {
            return Err(Error::conflict("This decision changed nothing that could be put back."));
        };
        match undo {
            Undo::Fields { fields } => self.put_fields_back(&tx, ctx, &ticket, fields).await?,
            Undo::CancelTicket => self.cancel_ticket_of(&tx, ctx, &ticket).await?,
            Undo::DeleteComment { comment_id } => {
                let id = CommentId(*comment_id);
                let comment = tx.comments().get(ticket.number, id, Visibility::All).await?;
                self.delete_comment_in(&tx, ctx, &ticket, &comment).await?;
            }
        }
        tx.decisions().set_reverted(id, ctx.caller.user_id, ctx.now).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(self.store.decisions().get(id).await?)
    }

    async fn put_fields_back(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: &Ticket,
        fields: &[FieldChange],
    ) -> Result<()> {
        let by_person = tx.tickets().labels_by_person(ticket.number).await?;
        let mut change = TicketChange::default();
        let mut audit = Vec::new();
        for field in fields {
            let from = field.from.clone();
            match field.field.as_str() {
                "category" if !by_person.category && ticket.category.as_str() == field.to => {
                    let back = self.category_before(tx, from).await?;
                    let (old, new) = (ticket.category.as_str(), back.as_str());
                    audit.push(AuditChange::new("category", old, new));
                    change.category = Some((back, false));
                    change.needs_review = Some(true);
                }
                "priority" if !by_person.priority && ticket.priority.as_str() == field.to => {
                    let back = from.and_then(|text| text.parse::<Priority>().ok());
                    let back = back.unwrap_or_default();
                    let (old, new) = (ticket.priority.as_str(), back.as_str());
                    audit.push(AuditChange::new("priority", old, new));
                    change.priority = Some((back, false));
                }
                _ => {}
            }
        }
        if audit.is_empty() {
            return Err(Error::conflict("People have changed everything since that it wrote."));
        }
        self.write_back(tx, ctx, ticket, &change, audit).await
    }

    async fn cancel_ticket_of(&self, tx: &Tx, ctx: &Ctx, ticket: &Ticket) -> Result<()> {
        if ticket.status.is_final() {
            return Err(Error::conflict("This ticket is over already."));
        }
        let (old, new) = (ticket.status.as_str(), Status::Cancelled.as_str());
        let audit = vec![AuditChange::new("status", old, new)];
        let mut change = TicketChange::default();
        tickets::change_status(&mut change, ticket, Status::Cancelled, ctx.now);
        self.write_back(tx, ctx, ticket, &change, audit).await
    }

    async fn write_back(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: &Ticket,
        change: &TicketChange,
        changes: Vec<AuditChange>,
    ) -> Result<()> {
        tx.tickets().update(ticket, change, None, ctx.now).await?;
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket: ticket.number,
                kind: AuditKind::Updated,
                actor: Some(ctx.caller.user_id),
                changes,
                internal: false,
                request_id: &ctx.request_id,
                at: ctx.now,
            })
            .await?;
        let after: Ticket = tx.tickets().reload(ticket.number, Visibility::All).await?;
        let requester = after.requester.id;
        let kind = EventKind::TicketUpdated;
        tickets::append_ticket_event(tx, kind, after.id, requester, ctx.now).await?;
        self.notify_of_change(tx, Some(ctx.caller.user_id), Some(ticket), &after, ctx.now).await?;
        Ok(())
    }

    /// What a category goes back to: one that is still there, or where tickets go that nothing is known of.
    async fn category_before(&self, tx: &Tx, from: Option<String>) -> Result<Slug> {
        let before = from.and_then(|text| Slug::parse(text).ok());
        if let Some(slug) = before
            && tx.categories().find(&slug).await?.is_some()
        {
            return Ok(slug);
        }
        let all = self.store.categories().all().await?;
        tickets::catch_all(&all).ok_or_else(|| Error::internal("there is no category at all"))
    }
}
