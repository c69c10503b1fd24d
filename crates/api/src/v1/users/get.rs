//! `GET /users/{id}`.

use atc_core::id::UserId;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadUsers},
    problem::Result,
    reply,
    wire::UserBody,
};

endpoint!(get_user);

/// See an account.
#[utoipa::path(
    get, path = "/users/{id}", tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The account.")),
    responses((status = 200, description = "The account.", body = UserBody))
)]
async fn get_user(
    _: Can<ReadUsers>,
    State(state): State<ApiState>,
    Id(id): Id<UserId>,
    headers: HeaderMap,
) -> Result<Response> {
    let user = state.app.get_user(id).await?;
    reply::one(&UserBody::from(&user), user.version, &headers)
}
