//! How the agents fare, for their status and for health.

use atc_core::{
    agent::AgentName,
    ports::{EngineState, EngineStatus, ProviderStatus},
};
use chrono::{DateTime, Utc};

use crate::App;

/// How an agent fares.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentStatus {
    /// Its name.
    pub name: AgentName,
    /// Who answers first.
    pub provider: String,
    /// With which model.
    pub model: String,
    /// Whether it can do its work as it is meant to.
    pub state: EngineState,
    /// What is wrong and how to mend it.
    pub last_error: Option<String>,
    /// Calls of whoever answers first, since the start.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
    /// Median milliseconds of the latest calls.
    pub p50_ms: f64,
    /// The 95th percentile of the latest calls, in milliseconds.
    pub p95_ms: f64,
    /// From how many labelled tickets the embedded model in use has learnt.
    pub trained_labels: usize,
    /// When it did.
    pub trained_at: Option<DateTime<Utc>>,
}

impl App {
    /// How each agent fares. An agent with a language model is degraded while that does not answer: the
    /// next in its chain, and last the embedded engine, answers then.
    #[must_use]
    pub fn agent_statuses(&self) -> Vec<AgentStatus> {
        let engine = self.engine.status();
        AgentName::ALL.into_iter().map(|name| self.agent_status(name, &engine)).collect()
    }

    fn agent_status(&self, name: AgentName, engine: &EngineStatus) -> AgentStatus {
        let loaded = self.agents.current();
        let first = loaded.agent(name).and_then(|agent| agent.chain.first());
        let connected = first.and_then(|m| Some((m, loaded.providers.get(&m.provider)?)));
        let Some((model, connected)) = connected else { return embedded(name, engine) };
        let ProviderStatus { state, last_error, calls, errors, p50_ms, p95_ms } =
            connected.model.status();
        AgentStatus {
            name,
            provider: model.provider.to_string(),
            model: model.model.clone(),
            state: if state == EngineState::Ready { engine.state } else { EngineState::Degraded },
            last_error: last_error.or_else(|| engine.detail.clone()),
            calls,
            errors,
            p50_ms,
            p95_ms,
            trained_labels: engine.trained_labels,
            trained_at: engine.trained_at,
        }
    }

    /// What health says of providers that do not answer; `None` when all do or none is configured.
    pub(crate) fn provider_trouble(&self) -> Option<String> {
        let loaded = self.agents.current();
        let silent = loaded.providers.values().filter_map(|connected| {
            let status = connected.model.status();
            let why = status.last_error.unwrap_or_else(|| "it does not answer".to_owned());
            let why = why.trim_end_matches('.');
            (status.state != EngineState::Ready)
                .then(|| format!("the provider {}: {why}", connected.provider.name))
        });
        let silent: Vec<_> = silent.collect();
        (!silent.is_empty()).then(|| {
            format!(
                "{}; the next in the chain answers, last the embedded engine.",
                silent.join("; ")
            )
        })
    }
}

fn embedded(name: AgentName, engine: &EngineStatus) -> AgentStatus {
    AgentStatus {
        name,
        provider: engine.provider.to_owned(),
        model: engine.model.clone(),
        state: engine.state,
        last_error: engine.detail.clone(),
        calls: engine.calls,
        errors: engine.errors,
        p50_ms: engine.p50_ms,
        p95_ms: engine.p95_ms,
        trained_labels: engine.trained_labels,
        trained_at: engine.trained_at,
    }
}
