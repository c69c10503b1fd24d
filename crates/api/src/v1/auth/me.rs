//! `GET /auth/me`.

use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadProfile},
    problem::Result,
    reply,
    wire::UserBody,
};

endpoint!(me);

/// See one's own account.
#[utoipa::path(
    get, path = "/auth/me", tag = "Accounts",
    responses((status = 200, description = "The account.", body = UserBody))
)]
async fn me(
    Can { ctx, .. }: Can<ReadProfile>,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response> {
    let user = state.app.me(&ctx).await?;
    reply::one(&UserBody::from(&user), user.version, &headers)
}
