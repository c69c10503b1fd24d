//! Tickets.

pub(super) mod create;
pub(super) mod create_from_text;
pub(super) mod delete;
pub(super) mod events;
mod fields;
mod filter;
pub(super) mod get;
pub(super) mod list;
pub(super) mod similar;
pub(super) mod stats;
pub(super) mod triage;
pub(super) mod update;

use atc_core::{idempotency::StoredAnswer, ticket::Ticket};

use crate::{reply, v1, wire::TicketBody};

/// The answer to the creation of a ticket.
fn created(ticket: &Ticket) -> StoredAnswer {
    let location = format!("{}/tickets/{}", v1::PREFIX, ticket.id);
    reply::created(&TicketBody::from(ticket.clone()), Some(location), Some(ticket.version))
}
