//! `DELETE /tickets/{id}`.

use atc_core::id::TicketRef;
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::DeleteTicket},
    problem::Result,
};

endpoint!(delete_ticket);

/// Delete a ticket; it is gone from every list and search.
#[utoipa::path(
    delete, path = "/tickets/{id}", tag = "Tickets",
    params(
        ("id" = String, Path, description = "Its id or its number.", example = "42"),
        ("If-Match" = Option<String>, Header,
            description = "Delete it only if this is still its version; else 412.")
    ),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_ticket(
    Can { ctx, .. }: Can<DeleteTicket>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_ticket(&ctx, reference, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
