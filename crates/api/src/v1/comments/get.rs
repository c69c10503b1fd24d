//! `GET /tickets/{id}/comments/{comment_id}`.

use atc_core::id::{CommentId, TicketRef};
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Path, permissions::ReadTickets},
    problem::Result,
    reply,
    wire::CommentBody,
};

endpoint!(get_comment);

/// See a comment.
#[utoipa::path(
    get, path = "/tickets/{id}/comments/{comment_id}", tag = "Comments",
    params(
        ("id" = String, Path, description = "The ticket's id or number.", example = "42"),
        ("comment_id" = uuid::Uuid, Path, description = "The comment.")
    ),
    responses((status = 200, description = "The comment.", body = CommentBody))
)]
async fn get_comment(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Path((reference, id)): Path<(TicketRef, CommentId)>,
    headers: HeaderMap,
) -> Result<Response> {
    let comment = state.app.get_comment(&ctx, reference, id).await?;
    reply::one(&CommentBody::from(&comment), comment.version, &headers)
}
