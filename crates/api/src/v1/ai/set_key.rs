//! `PUT /ai/providers/{name}/key`.

use atc_core::{agent::ApiKey, error::Faults};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::provider;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Id, permissions::ManageAiSettings},
    problem::Result,
    wire::AiSettingsBody,
};

endpoint!(set_provider_key);

/// Give a provider its key. It is sealed, comes before that of the environment, and is never shown again.
#[utoipa::path(
    put, path = "/ai/providers/{name}/key", tag = "AI", request_body = ProviderKeyBody,
    params(("name" = String, Path, description = "The provider.", example = "openai")),
    responses((status = 200, description = "Providers and agents, now in force.", body = AiSettingsBody))
)]
async fn set_provider_key(
    Can { ctx, .. }: Can<ManageAiSettings>,
    State(state): State<ApiState>,
    Id(name): Id<String>,
    body: Body<ProviderKeyBody>,
) -> Result<Json<AiSettingsBody>> {
    let name = provider(name)?;
    let mut faults = Faults::new();
    let key = body.value.api_key.map(|text| {
        ApiKey::parse(&text).ok_or("This is no key: 1 to 4096 visible ASCII characters.")
    });
    let key = faults.require("/api_key", key);
    let key = faults.finish(key)?;
    Ok(Json(state.app.set_provider_key(&ctx, &name, &key).await?.into()))
}

/// A key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderKey, example = json!({"api_key": "sk-…"}))]
struct ProviderKeyBody {
    /// The key, as the provider gave it.
    #[schema(
        write_only,
        min_length = 1,
        max_length = 4096,
        pattern = "^[!-~]+$",
        required,
        nullable = false
    )]
    api_key: Option<String>,
}
