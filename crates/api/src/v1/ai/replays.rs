//! `GET /ai/replays`.

use atc_app::ReplayPosition;
use axum::{extract::State, response::Response};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, ListUri, PageParams, Query, permissions::ReadAiSettings},
    problem::Result,
    reply::{self, PageBody},
    wire::ReplayBody,
};

endpoint!(list_replays);

/// Reports of what others would have decided, newest first.
#[utoipa::path(
    get, path = "/ai/replays", tag = "AI", params(PageParams),
    responses((status = 200, description = "A page of reports.", body = PageBody<ReplayBody>))
)]
async fn list_replays(
    _: Can<ReadAiSettings>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let request = turn.request(&uri, Some::<ReplayPosition>)?;
    let page = state.app.list_replays(request).await?;
    Ok(reply::page(page, &uri, |p: &ReplayPosition| Cursor::at(p), ReplayBody::from))
}
