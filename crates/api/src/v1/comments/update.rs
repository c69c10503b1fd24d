//! `PATCH /tickets/{id}/comments/{comment_id}`.

use atc_core::{
    Error,
    comment::CommentPatch,
    error::Faults,
    id::{CommentId, TicketRef},
    text,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Path, not_null, permissions::WriteComments},
    problem::Result,
    reply,
    wire::CommentBody,
};

endpoint!(update_comment);

/// Edit a comment; it is marked as edited.
///
/// Its author may, and administrators.
#[utoipa::path(
    patch, path = "/tickets/{id}/comments/{comment_id}", tag = "Comments",
    request_body = UpdateCommentBody,
    params(
        ("id" = String, Path, description = "The ticket's id or number.", example = "42"),
        ("comment_id" = uuid::Uuid, Path, description = "The comment.")
    ),
    responses((status = 200, description = "The comment.", body = CommentBody))
)]
async fn update_comment(
    Can { ctx, .. }: Can<WriteComments>,
    State(state): State<ApiState>,
    Path((reference, id)): Path<(TicketRef, CommentId)>,
    headers: HeaderMap,
    body: Body<UpdateCommentBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let condition = if_match(&headers)?;
    let comment = state.app.update_comment(&ctx, reference, id, patch, &condition).await?;
    Ok(reply::changed(&CommentBody::from(&comment), comment.version))
}

/// A change to a comment: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateComment, example = json!({"body": "Both charges are refunded."}))]
struct UpdateCommentBody {
    /// What it shall say.
    #[schema(min_length = 1, max_length = 50_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    body: Option<String>,
    /// Whether only staff shall see it.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    internal: Option<bool>,
}

impl TryFrom<UpdateCommentBody> for CommentPatch {
    type Error = Error;

    fn try_from(body: UpdateCommentBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let text = body.body.and_then(|b| faults.take("/body", text::CommentBody::parse(b)));
        faults.finish(Some(Self { body: text, internal: body.internal }))
    }
}
