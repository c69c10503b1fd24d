//! `GET /tickets/{id}/events`.

use atc_core::id::TicketRef;
use axum::{extract::State, response::Response};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, Id, ListUri, PageParams, Query, permissions::ReadTickets},
    problem::Result,
    reply::{self, PageBody},
    wire::AuditEntryBody,
};

endpoint!(list_events);

/// The audit trail of a ticket, oldest first: who changed what, from, to, when.
#[utoipa::path(
    get, path = "/tickets/{id}/events", tag = "Tickets",
    params(
        ("id" = String, Path, description = "Its id or its number.", example = "42"),
        PageParams
    ),
    responses((status = 200, description = "A page of entries.", body = PageBody<AuditEntryBody>))
)]
async fn list_events(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let request = turn.request(&uri, Some::<i64>)?;
    let page = state.app.ticket_events(&ctx, reference, request).await?;
    Ok(reply::page(page, &uri, |p: &i64| Cursor::at(p), AuditEntryBody::from))
}
