//! `GET /health/live`.

use axum::Json;

use super::{HealthState, StateBody};
use crate::{endpoint::endpoint, extract::Public};

endpoint!(live);

/// Whether the process answers at all; asks no other part.
#[utoipa::path(get, path = "/health/live", tag = "System", responses(
    (status = 200, description = "It lives.", body = StateBody)
))]
async fn live(_: Public) -> Json<StateBody> {
    Json(StateBody { status: HealthState::Ok })
}
