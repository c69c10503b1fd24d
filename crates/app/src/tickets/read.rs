//! Looking at tickets.

use atc_core::{
    Ctx, Result,
    id::TicketRef,
    page::{Page, PageRequest},
    ticket::{AuditEntry, Ticket, TicketFilter, TicketPosition, TicketSort, TicketStats},
};
use atc_store::AuditPosition;

use crate::App;

/// A ticket that is like another one.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// How alike they are, 0 to 1.
    pub score: f64,
}

impl App {
    /// One ticket.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn get_ticket(&self, ctx: &Ctx, reference: TicketRef) -> Result<Ticket> {
        Ok(self.store.tickets().get(reference, ctx.caller.visibility()).await?)
    }

    /// A page of the tickets that the caller may see and that match.
    pub async fn list_tickets(
        &self,
        ctx: &Ctx,
        filter: &TicketFilter,
        sort: TicketSort,
        page: PageRequest<TicketPosition>,
    ) -> Result<Page<Ticket, TicketPosition>> {
        let visibility = ctx.caller.visibility();
        let page = self
            .store
            .read(async |store| store.tickets().list(filter, sort, visibility, page).await);
        Ok(page.await?)
    }

    /// The audit trail of a ticket.
    ///
    /// # Errors
    /// Not found when the ticket is not there or not visible.
    pub async fn ticket_events(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        page: PageRequest<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>> {
        let visibility = ctx.caller.visibility();
        let trail = self.store.read(async |store| {
            let number = store.tickets().number_of(reference, visibility).await?;
            store.tickets().audit_trail(number, visibility, page).await
        });
        Ok(trail.await?)
    }

    /// Counts and medians over the tickets that the caller may see and that match.
    pub async fn ticket_stats(&self, ctx: &Ctx, filter: &TicketFilter) -> Result<TicketStats> {
        let visibility = ctx.caller.visibility();
        Ok(self.store.read(async |store| store.tickets().stats(filter, visibility).await).await?)
    }

    /// Tickets that the caller may see and that are like this one, most alike first.
    ///
    /// # Errors
    /// Not found when the ticket is not there or not visible.
    pub async fn similar_tickets(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        limit: usize,
    ) -> Result<Vec<SimilarTicket>> {
        let visibility = ctx.caller.visibility();
        let ticket = self.store.tickets().get(reference, visibility).await?;
        let hits = self.find_similar_to(&ticket, visibility, limit).await?;
        let numbers: Vec<_> = hits.iter().map(|h| h.number).collect();
        let tickets = self.store.tickets().find_many(&numbers, visibility).await?;
        Ok(hits
            .iter()
            .filter_map(|hit| {
                let ticket = tickets.iter().find(|t| t.number == hit.number)?.clone();
                Some(SimilarTicket { ticket, score: hit.score })
            })
            .collect())
    }
}
