//! `GET /webhook-endpoints`.

use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadWebhooks},
    problem::Result,
    reply::ItemsBody,
    wire::EndpointBody,
};

endpoint!(list_webhook_endpoints);

/// List the other systems that are told what happens.
#[utoipa::path(
    get, path = "/webhook-endpoints", tag = "Webhooks",
    responses((status = 200, description = "All of them.", body = ItemsBody<EndpointBody>))
)]
async fn list_webhook_endpoints(
    _: Can<ReadWebhooks>,
    State(state): State<ApiState>,
) -> Result<Json<ItemsBody<EndpointBody>>> {
    let endpoints = state.app.list_webhook_endpoints().await?;
    Ok(Json(ItemsBody { items: endpoints.iter().map(EndpointBody::from).collect() }))
}
