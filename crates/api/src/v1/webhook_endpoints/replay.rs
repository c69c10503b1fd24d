//! `POST /webhook-endpoints/{id}/deliveries/{delivery_id}/replay`.

use atc_core::id::{WebhookDeliveryId, WebhookEndpointId};
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Path, permissions::WriteWebhooks},
    problem::Result,
    wire::DeliveryBody,
};

endpoint!(replay_webhook_delivery);

/// Tell another system of an event again, now.
///
/// `webhook-id` and the body are those of the first time.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/deliveries/{delivery_id}/replay", tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The endpoint."),
        ("delivery_id" = uuid::Uuid, Path, description = "The delivery.")),
    responses((status = 200, description = "The delivery, on its way.", body = DeliveryBody))
)]
async fn replay_webhook_delivery(
    Can { ctx, .. }: Can<WriteWebhooks>,
    State(state): State<ApiState>,
    Path((endpoint, id)): Path<(WebhookEndpointId, WebhookDeliveryId)>,
) -> Result<Json<DeliveryBody>> {
    let delivery = state.app.replay_webhook_delivery(&ctx, endpoint, id).await?;
    Ok(Json(DeliveryBody::from(&delivery)))
}
