//! `DELETE /assistant/conversations/{id}`.

use atc_core::id::ConversationId;
use axum::extract::State;
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageConversations},
    problem::Result,
};

endpoint!(delete_conversation);

/// Delete one of one's own conversations.
///
/// Tickets and comments that were made in it stay.
#[utoipa::path(
    delete, path = "/assistant/conversations/{id}", tag = "Assistant",
    params(("id" = uuid::Uuid, Path, description = "The conversation.")),
    responses((status = 204, description = "It is gone."))
)]
async fn delete_conversation(
    Can { ctx, .. }: Can<ManageConversations>,
    State(state): State<ApiState>,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode> {
    state.app.delete_conversation(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
