//! `GET /assistant/conversations/{id}`.

use atc_core::id::ConversationId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadConversations},
    problem::Result,
    wire::ConversationDetailBody,
};

endpoint!(get_conversation);

/// See one of one's own conversations, with everything that was said.
#[utoipa::path(
    get, path = "/assistant/conversations/{id}", tag = "Assistant",
    params(("id" = uuid::Uuid, Path, description = "The conversation.")),
    responses((status = 200, description = "The conversation.", body = ConversationDetailBody))
)]
async fn get_conversation(
    Can { ctx, .. }: Can<ReadConversations>,
    State(state): State<ApiState>,
    Id(id): Id<ConversationId>,
) -> Result<Json<ConversationDetailBody>> {
    let (conversation, messages) = state.app.get_conversation(&ctx, id).await?;
    Ok(Json(ConversationDetailBody::new(&conversation, &messages)))
}
