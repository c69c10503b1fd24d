//! `POST /tickets/{id}/comments`.

use atc_core::{
    Error,
    comment::{Comment, NewComment},
    error::Faults,
    id::TicketRef,
    text,
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Id, Once, not_null, permissions::WriteComments},
    problem::Result,
    reply, v1,
    wire::CommentBody,
};

endpoint!(create_comment);

/// Comment on a ticket.
///
/// Agents and administrators may write internal notes, which users do not see.
#[utoipa::path(
    post, path = "/tickets/{id}/comments", tag = "Comments", request_body = CreateCommentBody,
    params(("id" = String, Path, description = "The ticket's id or number.", example = "42")),
    responses((status = 201, description = "The comment.", body = CommentBody))
)]
async fn create_comment(
    Can { ctx, .. }: Can<WriteComments>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    once: Once,
    body: Body<CreateCommentBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |comment: &Comment| {
        let (ticket, id) = (comment.ticket_id, comment.id);
        let location = format!("{}/tickets/{ticket}/comments/{id}", v1::PREFIX);
        reply::created(&CommentBody::from(comment), Some(location), Some(comment.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_comment(&ctx, reference, new, remember).await?, render)
}

/// A comment to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateComment, example = json!({"body": "The second charge is refunded."}))]
struct CreateCommentBody {
    /// What it says.
    #[schema(min_length = 1, max_length = 50_000, required, nullable = false)]
    body: Option<String>,
    /// Whether only staff shall see it.
    #[schema(nullable = false, default = false)]
    #[serde(default, deserialize_with = "not_null")]
    internal: Option<bool>,
}

impl TryFrom<CreateCommentBody> for NewComment {
    type Error = Error;

    fn try_from(body: CreateCommentBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let text = faults.require("/body", body.body.map(text::CommentBody::parse));
        let internal = body.internal.unwrap_or(false);
        faults.finish(text.map(|body| Self { body, internal }))
    }
}
