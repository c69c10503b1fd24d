//! `/health`, `/health/live`, `/health/ready`.

use std::collections::BTreeMap;

use atc_app::{Component, ComponentState, Health};
use atc_core::Error;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ApiState, extract::Public, problem::Result};

/// How the service fares.
pub(crate) mod report {
    use super::*;
    crate::endpoint::endpoint!(health);

    /// How the service and each of its parts fare.
    ///
    /// 503 when requests cannot be served; a part that is missing only makes it `degraded`.
    #[utoipa::path(get, path = "/health", tag = "System", responses(
        (status = 200, description = "It serves.", body = HealthBody),
        (status = 503, description = "It does not serve.", body = HealthBody),
    ))]
    pub(crate) async fn health(_: Public, State(state): State<ApiState>) -> Response {
        let health = state.app.health().await;
        let status = match health.state {
            ComponentState::Down => StatusCode::SERVICE_UNAVAILABLE,
            ComponentState::Ok | ComponentState::Degraded => StatusCode::OK,
        };
        (status, Json(HealthBody::from(health))).into_response()
    }
}

/// Whether the process lives.
pub(crate) mod live {
    use super::*;
    crate::endpoint::endpoint!(live);

    /// Whether the process answers at all; asks no other part.
    #[utoipa::path(get, path = "/health/live", tag = "System", responses(
        (status = 200, description = "It lives.", body = StateBody)
    ))]
    pub(crate) async fn live(_: Public) -> Json<StateBody> {
        Json(StateBody { status: HealthState::Ok })
    }
}

/// Whether requests should be sent here.
pub(crate) mod ready {
    use super::*;
    crate::endpoint::endpoint!(ready);

    /// Whether requests can be served: the database answers and has the newest schema.
    #[utoipa::path(get, path = "/health/ready", tag = "System", responses(
        (status = 200, description = "It is ready.", body = StateBody)
    ))]
    pub(crate) async fn ready(_: Public, State(state): State<ApiState>) -> Result<Json<StateBody>> {
        match state.app.is_ready().await {
            Ok(()) => Ok(Json(StateBody { status: HealthState::Ok })),
            Err(missing) => Err(Error::unavailable(format!("Not ready: {missing}."), 1).into()),
        }
    }
}

/// A state, and nothing more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = State, example = json!({"status": "ok"}))]
pub(crate) struct StateBody {
    /// The state.
    status: HealthState,
}

/// How well something works.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthState, example = "ok")]
enum HealthState {
    /// As it should.
    Ok,
    /// It serves, but not all of it or not as well.
    Degraded,
    /// It does not serve.
    Down,
}

impl From<ComponentState> for HealthState {
    fn from(state: ComponentState) -> Self {
        match state {
            ComponentState::Ok => Self::Ok,
            ComponentState::Degraded => Self::Degraded,
            ComponentState::Down => Self::Down,
        }
    }
}

/// How the service fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health, example = json!({
    "status": "ok", "version": "0.1.0", "uptime_s": 3600,
    "components": {"database": {"status": "ok", "latency_ms": 0.2, "detail": "sqlite"}}
}))]
pub(crate) struct HealthBody {
    /// The worst of the parts.
    status: HealthState,
    /// The version of the program.
    version: &'static str,
    /// Seconds since the start.
    uptime_s: i64,
    /// The parts: `database`, `queue`, `storage`, `cache`, `ai`.
    components: BTreeMap<&'static str, ComponentBody>,
}

/// How one part fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthComponent, example = json!({
    "status": "ok", "latency_ms": 0.2, "detail": "sqlite"
}))]
struct ComponentBody {
    /// Its state.
    status: HealthState,
    /// How long it took to answer, in milliseconds.
    latency_ms: f64,
    /// What is wrong and how to mend it, or what is worth knowing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

impl From<Component> for ComponentBody {
    fn from(c: Component) -> Self {
        Self { status: c.state.into(), latency_ms: c.latency_ms, detail: c.detail }
    }
}

impl From<Health> for HealthBody {
    fn from(health: Health) -> Self {
        let components = health.components.into_iter();
        Self {
            status: health.state.into(),
            version: env!("CARGO_PKG_VERSION"),
            uptime_s: health.uptime_s,
            components: components.map(|(name, part)| (name, part.into())).collect(),
        }
    }
}
