//! Telling of tickets: the event of a change, written with it.

use atc_core::{
    Result,
    event::{Audience, EventKind, NewEvent, Subject},
    id::{TicketId, UserId},
};
use atc_store::Tx;
use chrono::{DateTime, Utc};

/// Adds an event about a ticket, for staff and its requester.
pub(crate) async fn append(
    tx: &Tx,
    kind: EventKind,
    ticket: TicketId,
    requester: UserId,
    at: DateTime<Utc>,
) -> Result<()> {
    let audience = Audience::ticket(requester);
    Ok(tx
        .events()
        .append(NewEvent { kind, subject: Subject::Ticket(ticket), audience, at })
        .await?)
}
