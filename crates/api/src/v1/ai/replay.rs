//! `GET /ai/replays/{id}`.

use atc_core::id::ReplayId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadAiSettings},
    problem::Result,
    wire::ReplayBody,
};

endpoint!(get_replay);

/// One report.
#[utoipa::path(
    get, path = "/ai/replays/{id}", tag = "AI",
    params(("id" = uuid::Uuid, Path, description = "The report.")),
    responses((status = 200, description = "The report, or the promise of one.", body = ReplayBody))
)]
async fn get_replay(
    _: Can<ReadAiSettings>,
    State(state): State<ApiState>,
    Id(id): Id<ReplayId>,
) -> Result<Json<ReplayBody>> {
    Ok(Json(state.app.get_replay(id).await?.into()))
}
