//! `POST /webhook-endpoints/{id}/rotate-secret`.

use atc_core::id::WebhookEndpointId;
use axum::{extract::State, response::Response};

use super::EndpointSecretBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::WriteWebhooks},
    problem::Result,
    reply,
};

endpoint!(rotate_webhook_secret);

/// Give another system a new secret.
///
/// The one before it signs as well for 24 hours: `webhook-signature` holds both then.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/rotate-secret", tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The endpoint.")),
    responses((status = 200, description = "The endpoint and its new secret.",
        body = EndpointSecretBody))
)]
async fn rotate_webhook_secret(
    Can { ctx, .. }: Can<WriteWebhooks>,
    State(state): State<ApiState>,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Response> {
    let made = state.app.rotate_webhook_secret(&ctx, id).await?;
    Ok(reply::changed(&EndpointSecretBody::from(&made), made.endpoint.version))
}
