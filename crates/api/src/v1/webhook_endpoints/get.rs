//! `GET /webhook-endpoints/{id}`.

use atc_core::id::WebhookEndpointId;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadWebhooks},
    problem::Result,
    reply,
    wire::EndpointBody,
};

endpoint!(get_webhook_endpoint);

/// See another system that is told what happens.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}", tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The endpoint.")),
    responses((status = 200, description = "The endpoint.", body = EndpointBody))
)]
async fn get_webhook_endpoint(
    _: Can<ReadWebhooks>,
    State(state): State<ApiState>,
    Id(id): Id<WebhookEndpointId>,
    headers: HeaderMap,
) -> Result<Response> {
    let endpoint = state.app.get_webhook_endpoint(id).await?;
    reply::one(&EndpointBody::from(&endpoint), endpoint.version, &headers)
}
