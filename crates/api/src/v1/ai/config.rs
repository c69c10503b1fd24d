//! `GET /ai/config`.

use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadAiSettings},
    problem::Result,
    wire::AiSettingsBody,
};

endpoint!(get_ai_config);

/// The providers and agents that are in force.
#[utoipa::path(
    get, path = "/ai/config", tag = "AI",
    responses((status = 200, description = "Providers and agents.", body = AiSettingsBody))
)]
async fn get_ai_config(
    _: Can<ReadAiSettings>,
    State(state): State<ApiState>,
) -> Result<Json<AiSettingsBody>> {
    Ok(Json(state.app.ai_overview().into()))
}
