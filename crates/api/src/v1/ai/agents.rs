//! `GET /ai/agents/status`.

use atc_app::AgentStatus;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadAgents},
    problem::Result,
    wire::{AgentName, AgentState},
};

endpoint!(agents_status);

/// How the agents fare.
#[utoipa::path(
    get, path = "/ai/agents/status", tag = "AI",
    responses((status = 200, description = "Each agent.", body = AgentsBody))
)]
async fn agents_status(
    _: Can<ReadAgents>,
    State(state): State<ApiState>,
) -> Result<Json<AgentsBody>> {
    let agents = state.app.agent_statuses().into_iter().map(AgentBody::from).collect();
    Ok(Json(AgentsBody { agents }))
}

/// The agents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agents, example = json!({"agents": [{
    "name": "categorization", "provider": "local", "model": "all-MiniLM-L6-v2-int8",
    "state": "ready", "last_error": null, "calls": 120, "errors": 0, "p50_ms": 9.1,
    "p95_ms": 21.4, "trained_labels": 42, "trained_at": "2026-01-31T12:00:00Z"
}]}))]
struct AgentsBody {
    /// Each of them.
    agents: Vec<AgentBody>,
}

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent, example = json!({
    "name": "categorization", "provider": "local", "model": "all-MiniLM-L6-v2-int8",
    "state": "ready", "last_error": null, "calls": 120, "errors": 0, "p50_ms": 9.1,
    "p95_ms": 21.4, "trained_labels": 42, "trained_at": "2026-01-31T12:00:00Z"
}))]
struct AgentBody {
    /// What it does.
    name: AgentName,
    /// Who answers first; `local` is the embedded engine, which is last in every chain.
    provider: String,
    /// With which model.
    model: String,
    /// Whether it can do its work.
    state: AgentState,
    /// What is wrong, and how to mend it.
    last_error: Option<String>,
    /// Calls since the start.
    calls: u64,
    /// Calls that failed.
    errors: u64,
    /// Median milliseconds of the latest calls.
    p50_ms: f64,
    /// The 95th percentile of the latest calls, in milliseconds.
    p95_ms: f64,
    /// From how many labelled tickets the embedded model in use has learnt.
    trained_labels: usize,
    /// When it did.
    trained_at: Option<DateTime<Utc>>,
}

impl From<AgentStatus> for AgentBody {
    fn from(status: AgentStatus) -> Self {
        Self {
            name: status.name.into(),
            provider: status.provider,
            model: status.model,
            state: status.state.into(),
            last_error: status.last_error,
            calls: status.calls,
            errors: status.errors,
            p50_ms: status.p50_ms,
            p95_ms: status.p95_ms,
            trained_labels: status.trained_labels,
            trained_at: status.trained_at,
        }
    }
}
