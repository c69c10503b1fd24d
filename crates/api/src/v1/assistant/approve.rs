//! `POST /assistant/conversations/{id}/actions/{action_id}/approve`.

use atc_core::id::{AgentActionId, ConversationId};
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Path, permissions::ManageConversations},
    problem::Result,
    wire::AgentActionBody,
};

endpoint!(approve_action);

/// Have the agent do what it proposed.
///
/// It is done once, with the rights that you have now; approving it again gives the same answer. One that was
/// rejected cannot be approved: 409.
#[utoipa::path(
    post, path = "/assistant/conversations/{id}/actions/{action_id}/approve", tag = "Assistant",
    params(
        ("id" = uuid::Uuid, Path, description = "The conversation."),
        ("action_id" = uuid::Uuid, Path, description = "The action."),
    ),
    responses((status = 200, description = "What was done.", body = AgentActionBody))
)]
async fn approve_action(
    Can { ctx, .. }: Can<ManageConversations>,
    State(state): State<ApiState>,
    Path((conversation, id)): Path<(ConversationId, AgentActionId)>,
) -> Result<Json<AgentActionBody>> {
    let action = state.app.approve_action(&ctx, conversation, id).await?;
    Ok(Json(AgentActionBody::from(&action)))
}
