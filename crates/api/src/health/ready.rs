//! `GET /health/ready`.

use atc_core::Error;
use axum::{Json, extract::State};

use super::{HealthState, StateBody};
use crate::{ApiState, endpoint::endpoint, extract::Public, problem::Result};

endpoint!(ready);

/// Whether requests can be served: the database answers and has the newest schema, and this process is not
/// about to end.
#[utoipa::path(get, path = "/health/ready", tag = "System", responses(
    (status = 200, description = "It is ready.", body = StateBody)
))]
async fn ready(_: Public, State(state): State<ApiState>) -> Result<Json<StateBody>> {
    match state.app.is_ready().await {
        Ok(()) => Ok(Json(StateBody { status: HealthState::Ok })),
        Err(missing) => Err(Error::unavailable(format!("Not ready: {missing}."), 1).into()),
    }
}
