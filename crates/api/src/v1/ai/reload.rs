//! `POST /ai/config/reload`.

use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ManageAiSettings},
    problem::Result,
    wire::AiSettingsBody,
};

endpoint!(reload_ai_config);

/// Read `ai_config.yaml` again, in every process.
///
/// What cannot be used changes nothing: 409 names every fault.
#[utoipa::path(
    post, path = "/ai/config/reload", tag = "AI",
    responses(
        (status = 200, description = "Providers and agents, now in force.", body = AiSettingsBody),
        (
            status = 409, description = "The file cannot be used; everything stays as it was",
            body = crate::problem::ProblemBody, content_type = "application/problem+json"
        )
    )
)]
async fn reload_ai_config(
    _: Can<ManageAiSettings>,
    State(state): State<ApiState>,
) -> Result<Json<AiSettingsBody>> {
    Ok(Json(state.app.reload_agents().await?.into()))
}
