//! `GET /ai/decisions/{id}`.

use atc_core::id::DecisionId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadDecisions},
    problem::Result,
    wire::DecisionBody,
};

endpoint!(get_decision);

/// One decision of an agent.
#[utoipa::path(
    get, path = "/ai/decisions/{id}", tag = "AI",
    params(("id" = uuid::Uuid, Path, description = "The decision.")),
    responses((status = 200, description = "The decision.", body = DecisionBody))
)]
async fn get_decision(
    _: Can<ReadDecisions>,
    State(state): State<ApiState>,
    Id(id): Id<DecisionId>,
) -> Result<Json<DecisionBody>> {
    Ok(Json(state.app.get_decision(id).await?.into()))
}
