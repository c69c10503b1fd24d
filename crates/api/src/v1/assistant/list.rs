//! `GET /assistant/conversations`.

use atc_app::ConversationPosition;
use atc_core::id::ConversationId;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, ListUri, PageParams, Query, permissions::ReadConversations},
    problem::Result,
    reply::{self, PageBody},
    wire::ConversationBody,
};

endpoint!(list_conversations);

/// List one's own conversations with the customer support agent, newest first.
#[utoipa::path(
    get, path = "/assistant/conversations", tag = "Assistant", params(PageParams),
    responses((status = 200, description = "A page of conversations.",
        body = PageBody<ConversationBody>))
)]
async fn list_conversations(
    Can { ctx, .. }: Can<ReadConversations>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let request = turn.request(&uri, |(created_at, id): (DateTime<Utc>, Uuid)| {
        Some(ConversationPosition { created_at, id: ConversationId(id) })
    })?;
    let page = state.app.list_conversations(&ctx, request).await?;
    let cursor = |p: &ConversationPosition| Cursor::at(&(p.created_at, p.id));
    Ok(reply::page(page, &uri, cursor, |c| ConversationBody::from(&c)))
}
