//! `GET /tickets/{id}/comments`.

use atc_app::CommentPosition;
use atc_core::id::{CommentId, TicketRef};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, Id, ListUri, PageParams, Query, permissions::ReadTickets},
    problem::Result,
    reply::{self, PageBody},
    wire::CommentBody,
};

endpoint!(list_comments);

/// List the comments of a ticket, oldest first.
///
/// Internal notes are shown to agents and administrators only.
#[utoipa::path(
    get, path = "/tickets/{id}/comments", tag = "Comments",
    params(
        ("id" = String, Path, description = "The ticket's id or number.", example = "42"),
        PageParams
    ),
    responses((status = 200, description = "A page of comments.", body = PageBody<CommentBody>))
)]
async fn list_comments(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let request = turn.request(&uri, |(created_at, id): (DateTime<Utc>, CommentId)| {
        Some(CommentPosition { created_at, id })
    })?;
    let page = state.app.list_comments(&ctx, reference, request).await?;
    let cursor = |p: &CommentPosition| Cursor::at(&(p.created_at, p.id));
    Ok(reply::page(page, &uri, cursor, |comment| CommentBody::from(&comment)))
}
