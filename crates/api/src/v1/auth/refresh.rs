//! `POST /auth/refresh`.

use atc_core::error::Faults;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::login::{SessionBody, session_answer};
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Public},
    problem::Result,
};

endpoint!(refresh);

/// Get the next pair of tokens.
///
/// A refresh token serves once. Within a few seconds the one just before the newest answers the same
/// successor again; any other reuse ends the whole session.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "Accounts", request_body = RefreshBody,
    responses((status = 200, description = "The next tokens.", body = SessionBody))
)]
async fn refresh(
    _: Public,
    State(state): State<ApiState>,
    body: Body<RefreshBody>,
) -> Result<Response> {
    let mut faults = Faults::new();
    let given = body.value.refresh_token.map(Ok::<_, std::convert::Infallible>);
    let token = faults.require("/refresh_token", given);
    let token = faults.finish(token)?;
    Ok(session_answer(state.app.refresh(&token).await?))
}

/// The newest refresh token of a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh, example = json!({"refresh_token": "dGhpcyBpcyBhIHJlZnJlc2ggdG9rZW4"}))]
struct RefreshBody {
    /// The token.
    #[schema(required, nullable = false)]
    refresh_token: Option<String>,
}
