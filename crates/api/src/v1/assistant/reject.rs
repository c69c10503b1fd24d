//! `POST /assistant/conversations/{id}/actions/{action_id}/reject`.

use atc_core::id::{AgentActionId, ConversationId};
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Path, permissions::ManageConversations},
    problem::Result,
    wire::AgentActionBody,
};

endpoint!(reject_action);

/// Drop what the agent proposed.
///
/// Rejecting it again gives the same answer. One that was done cannot be rejected: 409.
#[utoipa::path(
    post, path = "/assistant/conversations/{id}/actions/{action_id}/reject", tag = "Assistant",
    params(
        ("id" = uuid::Uuid, Path, description = "The conversation."),
        ("action_id" = uuid::Uuid, Path, description = "The action."),
    ),
    responses((status = 200, description = "What was dropped.", body = AgentActionBody))
)]
async fn reject_action(
    Can { ctx, .. }: Can<ManageConversations>,
    State(state): State<ApiState>,
    Path((conversation, id)): Path<(ConversationId, AgentActionId)>,
) -> Result<Json<AgentActionBody>> {
    let action = state.app.reject_action(&ctx, conversation, id).await?;
    Ok(Json(AgentActionBody::from(&action)))
}
