//! `/health`, `/health/live`, `/health/ready`.

pub(crate) mod live;
pub(crate) mod ready;
pub(crate) mod report;

use std::collections::BTreeMap;

use atc_app::{Component, ComponentState, Health};
use serde::Serialize;
use utoipa::ToSchema;

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
    /// The parts: `database`, `queue`, `storage`, `cache`, `ai`, and `replica` where there is one.
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
