//! `GET /tickets/{id}`.

use atc_core::id::TicketRef;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadTickets},
    problem::Result,
    reply,
    wire::TicketBody,
};

endpoint!(get_ticket);

/// See a ticket.
#[utoipa::path(
    get, path = "/tickets/{id}", tag = "Tickets",
    params(("id" = String, Path, description = "Its id or its number.", example = "42")),
    responses((status = 200, description = "The ticket.", body = TicketBody,
        headers(("ETag" = String, description = "Its version."))))
)]
async fn get_ticket(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    headers: HeaderMap,
) -> Result<Response> {
    let ticket = state.app.get_ticket(&ctx, reference).await?;
    let version = ticket.version;
    reply::one(&TicketBody::from(ticket), version, &headers)
}
