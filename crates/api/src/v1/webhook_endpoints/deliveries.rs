//! `GET /webhook-endpoints/{id}/deliveries`.

use atc_app::DeliveryPosition;
use atc_core::id::WebhookEndpointId;
use axum::{extract::State, response::Response};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{
        Can, Cursor, FromParams, Id, ListUri, PageParams, Params, Query, permissions::ReadWebhooks,
    },
    problem::Result,
    reply::{self, PageBody},
    wire::{DeliveryBody, DeliveryState},
};

endpoint!(list_webhook_deliveries);

/// List what another system was told in the last 30 days or is to be told, newest first.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}/deliveries", tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The endpoint."), StateParam, PageParams),
    responses((status = 200, description = "A page of deliveries.", body = PageBody<DeliveryBody>))
)]
async fn list_webhook_deliveries(
    _: Can<ReadWebhooks>,
    State(state): State<ApiState>,
    Id(id): Id<WebhookEndpointId>,
    uri: ListUri,
    Query(wanted): Query<ListParams>,
) -> Result<Response> {
    let request = wanted.turn.request(&uri, Some::<DeliveryPosition>)?;
    let state_wanted = wanted.filter.state.map(Into::into);
    let page = state.app.list_webhook_deliveries(id, state_wanted, request).await?;
    Ok(reply::page(page, &uri, |p: &DeliveryPosition| Cursor::at(p), |d| DeliveryBody::from(&d)))
}

struct ListParams {
    filter: StateParam,
    turn: PageParams,
}

impl FromParams for ListParams {
    fn from_params(params: &mut Params) -> Self {
        let filter = StateParam { state: params.one("state") };
        Self { filter, turn: PageParams::from_params(params) }
    }
}

/// Which deliveries.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct StateParam {
    /// In this state.
    #[param(nullable = false)]
    state: Option<DeliveryState>,
}
