//! `GET /users`.

use atc_app::UserPosition;
use atc_core::id::UserId;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, ListUri, PageParams, Query, permissions::ReadUsers},
    problem::Result,
    reply::{self, PageBody},
    wire::UserBody,
};

endpoint!(list_users);

/// List accounts, oldest first.
#[utoipa::path(
    get, path = "/users", tag = "Users", params(PageParams),
    responses((status = 200, description = "A page of accounts.", body = PageBody<UserBody>))
)]
async fn list_users(
    _: Can<ReadUsers>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let request = turn.request(&uri, |(created_at, id): (DateTime<Utc>, UserId)| {
        Some(UserPosition { created_at, id })
    })?;
    let page = state.app.list_users(request).await?;
    let cursor = |p: &UserPosition| Cursor::at(&(p.created_at, p.id));
    Ok(reply::page(page, &uri, cursor, |user| UserBody::from(&user)))
}
