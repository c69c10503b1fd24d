//! `DELETE /webhook-endpoints/{id}`.

use atc_core::id::WebhookEndpointId;
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::WriteWebhooks},
    problem::Result,
};

endpoint!(delete_webhook_endpoint);

/// Tell another system nothing any more, and forget what it was told.
#[utoipa::path(
    delete, path = "/webhook-endpoints/{id}", tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The endpoint.")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_webhook_endpoint(
    _: Can<WriteWebhooks>,
    State(state): State<ApiState>,
    Id(id): Id<WebhookEndpointId>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_webhook_endpoint(id, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
