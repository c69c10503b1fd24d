//! `POST /auth/ws-ticket`.

use atc_core::Error;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::OpenSocket},
    layer::bearer,
    problem::Result,
};

endpoint!(create_ws_ticket);

/// Get a ticket that opens one WebSocket.
///
/// For browsers, which cannot send a header there. It serves once, for 30 seconds.
#[utoipa::path(
    post, path = "/auth/ws-ticket", tag = "Live",
    responses((status = 201, description = "The ticket.", body = WsTicketBody))
)]
async fn create_ws_ticket(
    Can { ctx, .. }: Can<OpenSocket>,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response> {
    let token = bearer(&headers).ok_or_else(|| Error::internal("a caller without a credential"))?;
    let ends_at = state.app.connect(token).await?.ends_at;
    let (ticket, expires_in) = state.app.issue_ws_ticket(&ctx, ends_at).await?;
    let body = Json(WsTicketBody { ticket, expires_in });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// A ticket that opens one WebSocket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WsTicket, example = json!({
    "ticket": "dGhpcyBpcyBhIHRpY2tldCBmb3Igb25lIHNvY2tldA", "expires_in": 30
}))]
struct WsTicketBody {
    /// What to send as `?ticket=`.
    ticket: String,
    /// Seconds that it serves.
    expires_in: u32,
}
