//! `PATCH /webhook-endpoints/{id}`.

use atc_core::{
    Error,
    error::Faults,
    id::WebhookEndpointId,
    text::Name,
    webhook::{EndpointUrl, WebhookEndpointPatch},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, not_null, permissions::WriteWebhooks},
    problem::Result,
    reply,
    wire::EndpointBody,
};

endpoint!(update_webhook_endpoint);

/// Change another system that is told what happens.
///
/// One that is enabled again is told what happens from then on.
#[utoipa::path(
    patch, path = "/webhook-endpoints/{id}", tag = "Webhooks", request_body = UpdateEndpointBody,
    params(("id" = uuid::Uuid, Path, description = "The endpoint.")),
    responses((status = 200, description = "The endpoint.", body = EndpointBody))
)]
async fn update_webhook_endpoint(
    Can { ctx, .. }: Can<WriteWebhooks>,
    State(state): State<ApiState>,
    Id(id): Id<WebhookEndpointId>,
    headers: HeaderMap,
    body: Body<UpdateEndpointBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let if_match = if_match(&headers)?;
    let endpoint = state.app.update_webhook_endpoint(&ctx, id, patch, &if_match).await?;
    Ok(reply::changed(&EndpointBody::from(&endpoint), endpoint.version))
}

/// A change: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateWebhookEndpoint, example = json!({"enabled": false}))]
struct UpdateEndpointBody {
    /// Another name.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    /// Another address.
    #[schema(pattern = "^https?://", max_length = 2000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    url: Option<String>,
    /// What it wants to hear of, in place of all before; empty for everything.
    #[schema(max_items = 50, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    events: Option<Vec<String>>,
    /// Whether it is called.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    enabled: Option<bool>,
}

impl TryFrom<UpdateEndpointBody> for WebhookEndpointPatch {
    type Error = Error;

    fn try_from(body: UpdateEndpointBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let patch = Self {
            name: body.name.and_then(|n| faults.take("/name", Name::parse(n))),
            url: body.url.and_then(|u| faults.take("/url", EndpointUrl::parse(u))),
            kinds: body.events.and_then(|words| super::kinds(&mut faults, words)),
            enabled: body.enabled,
        };
        faults.finish(Some(patch))
    }
}
