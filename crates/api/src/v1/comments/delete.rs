//! `DELETE /tickets/{id}/comments/{comment_id}`.

use atc_core::id::{CommentId, TicketRef};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Path, permissions::WriteComments},
    problem::Result,
};

endpoint!(delete_comment);

/// Delete a comment.
///
/// Its author may, and administrators.
#[utoipa::path(
    delete, path = "/tickets/{id}/comments/{comment_id}", tag = "Comments",
    params(
        ("id" = String, Path, description = "The ticket's id or number.", example = "42"),
        ("comment_id" = uuid::Uuid, Path, description = "The comment.")
    ),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_comment(
    Can { ctx, .. }: Can<WriteComments>,
    State(state): State<ApiState>,
    Path((reference, id)): Path<(TicketRef, CommentId)>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_comment(&ctx, reference, id, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
