//! `POST /ai/decisions/{id}/revert`.

use atc_core::id::DecisionId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::RevertDecision},
    problem::Result,
    wire::DecisionBody,
};

endpoint!(revert_decision);

/// Put back what an agent decided.
///
/// Fields that nobody changed since get what they had before; where there was nothing before, the ticket waits
/// for a person. A ticket that an agent made is cancelled, a comment is deleted. It counts as changed by people.
#[utoipa::path(
    post, path = "/ai/decisions/{id}/revert", tag = "AI",
    params(("id" = uuid::Uuid, Path, description = "The decision.")),
    responses(
        (status = 200, description = "The decision, put back.", body = DecisionBody),
        (
            status = 409, description = "It was put back already, or there is nothing to put back",
            body = crate::problem::ProblemBody, content_type = "application/problem+json"
        )
    )
)]
async fn revert_decision(
    Can { ctx, .. }: Can<RevertDecision>,
    State(state): State<ApiState>,
    Id(id): Id<DecisionId>,
) -> Result<Json<DecisionBody>> {
    Ok(Json(state.app.revert_decision(&ctx, id).await?.into()))
}
