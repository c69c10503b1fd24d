//! `POST /tickets/{id}/triage`.

use atc_core::id::TicketRef;
use axum::{extract::State, response::Response};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::TriageTicket},
    problem::Result,
    reply,
    wire::TicketBody,
};

endpoint!(triage_ticket);

/// Run triage on a ticket again.
///
/// What a person decided stays.
#[utoipa::path(
    post, path = "/tickets/{id}/triage", tag = "Tickets",
    params(("id" = String, Path, description = "Its id or its number.", example = "42")),
    responses((status = 200, description = "The ticket.", body = TicketBody,
        headers(("ETag" = String, description = "Its new version."))))
)]
async fn triage_ticket(
    Can { ctx, .. }: Can<TriageTicket>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
) -> Result<Response> {
    let ticket = state.app.triage_ticket(&ctx, reference).await?;
    let version = ticket.version;
    Ok(reply::changed(&TicketBody::from(ticket), version))
}
