//! `DELETE /ai/providers/{name}/key`.

use axum::extract::State;
use http::StatusCode;

use super::provider;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageAiSettings},
    problem::Result,
};

endpoint!(delete_provider_key);

/// Forget the key that was given here; that of the environment serves again.
#[utoipa::path(
    delete, path = "/ai/providers/{name}/key", tag = "AI",
    params(("name" = String, Path, description = "The provider.", example = "openai")),
    responses((status = 204, description = "Forgotten."))
)]
async fn delete_provider_key(
    Can { ctx, .. }: Can<ManageAiSettings>,
    State(state): State<ApiState>,
    Id(name): Id<String>,
) -> Result<StatusCode> {
    state.app.delete_provider_key(&ctx, &provider(name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
