//! `GET /metrics`.

use atc_core::Error;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadMetrics},
    problem::Result,
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
    let counted = state.metrics.as_ref();
    let text = counted.ok_or_else(|| Error::unavailable("Nothing is counted here.", 60))?.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
