//! `GET /metrics`.

use atc_core::Error;
use axum::{
    Router,
    extract::State,
    middleware,
    response::{IntoResponse, Response},
    routing,
};
use http::{StatusCode, header};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadMetrics},
    health, layer, openapi,
    problem::Result,
    router::panicked,
};

endpoint!(metrics);

/// The counters of this process, for Prometheus.
///
/// An administrator's token with the scope `admin` reads them.
#[utoipa::path(get, path = "/metrics", tag = "System", responses(
    (status = 200, description = "Prometheus text format 0.0.4.", body = String,
        content_type = "text/plain")
))]
async fn metrics(_: Can<ReadMetrics>, State(state): State<ApiState>) -> Result<Response> {
    told(State(state)).await
}

/// The same without a credential, and whether the process lives: for a port that only those reach who watch.
pub fn metrics_door(state: ApiState) -> Router {
    let timeout = state.config.request_timeout;
    let health = vec![health::live::endpoint(), health::ready::endpoint()];
    Router::from(openapi::described(health))
        .route("/metrics", routing::get(told))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(middleware::from_fn_with_state(state.clone(), layer::check_headers))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), layer::request))
        .with_state(state)
}

async fn told(State(state): State<ApiState>) -> Result<Response> {
    let tell = state.metrics.as_ref();
    let tell = tell.ok_or_else(|| Error::unavailable("Nothing is counted here.", 60))?;
    state.app.measure().await;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], tell())
        .into_response())
}
