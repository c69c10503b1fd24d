//! `GET /webhook-endpoints/{id}/deliveries/{delivery_id}`.

use atc_core::id::{WebhookDeliveryId, WebhookEndpointId};
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Path, permissions::ReadWebhooks},
    problem::Result,
    wire::DeliveryDetailBody,
};

endpoint!(get_webhook_delivery);

/// See what another system is told of one event, and every attempt at it.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}/deliveries/{delivery_id}", tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The endpoint."),
        ("delivery_id" = uuid::Uuid, Path, description = "The delivery.")),
    responses((status = 200, description = "The delivery.", body = DeliveryDetailBody))
)]
async fn get_webhook_delivery(
    _: Can<ReadWebhooks>,
    State(state): State<ApiState>,
    Path((endpoint, id)): Path<(WebhookEndpointId, WebhookDeliveryId)>,
) -> Result<Json<DeliveryDetailBody>> {
    Ok(Json(state.app.get_webhook_delivery(endpoint, id).await?.into()))
}
