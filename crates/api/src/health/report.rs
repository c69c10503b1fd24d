//! `GET /health`.

use atc_app::ComponentState;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::HealthBody;
use crate::{ApiState, endpoint::endpoint, extract::Public};

endpoint!(health);

/// How the service and each of its parts fare.
///
/// 503 when requests cannot be served; a part that is missing only makes it `degraded`.
#[utoipa::path(get, path = "/health", tag = "System", responses(
    (status = 200, description = "It serves.", body = HealthBody),
    (status = 503, description = "It does not serve.", body = HealthBody),
))]
async fn health(_: Public, State(state): State<ApiState>) -> Response {
    let health = state.app.health().await;
    let status = match health.state {
        ComponentState::Down => StatusCode::SERVICE_UNAVAILABLE,
        ComponentState::Ok | ComponentState::Degraded => StatusCode::OK,
    };
    (status, Json(HealthBody::from(health))).into_response()
}
