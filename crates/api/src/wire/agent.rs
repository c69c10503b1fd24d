//! Providers, agents and reports.

use atc_app::{AgentOverview, AiOverview, ProviderOverview, Replay, ReplayReport, ReplayedTicket};
use atc_core::ports::EngineState;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AgentName, Priority, decision::money};

/// Whether an agent or a provider can do its work.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AgentState, example = "ready")]
pub(crate) enum AgentState {
    /// Everything is there.
    Ready,
    /// It answers, but without a part of itself.
    Degraded,
    /// It cannot answer.
    Unavailable,
}

impl From<EngineState> for AgentState {
    fn from(state: EngineState) -> Self {
        match state {
            EngineState::Ready => Self::Ready,
            EngineState::Degraded => Self::Degraded,
            EngineState::Unavailable => Self::Unavailable,
        }
    }
}

/// The providers and agents that are in force in the process that answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiSettings, example = json!({
    "providers": [{
        "name": "openai", "kind": "openai", "base_url": null, "key": "environment", "redact": true,
        "state": "ready", "last_error": null, "calls": 120, "errors": 1, "p50_ms": 640.0,
        "p95_ms": 1900.0
    }],
    "agents": [{"name": "categorization", "chain": ["openai/gpt-5-mini", "local"], "shadow": null}]
}))]
pub(crate) struct AiSettingsBody {
    /// The providers of language models.
    providers: Vec<ProviderBody>,
    /// The agents that ask them; an agent that is missing uses the embedded engine alone.
    agents: Vec<AgentChainBody>,
}

/// A provider; its key is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiProvider, example = json!({
    "name": "openai", "kind": "openai", "base_url": null, "key": "environment", "redact": true,
    "state": "ready", "last_error": null, "calls": 120, "errors": 1, "p50_ms": 640.0, "p95_ms": 1900.0
}))]
struct ProviderBody {
    /// Its name.
    name: String,
    /// Which API it speaks: `openai`, `anthropic` or `compatible`.
    kind: &'static str,
    /// Where; null: where the vendor serves.
    base_url: Option<String>,
    /// Where its key comes from: `environment`, `sealed` (given here) or `none`.
    key: &'static str,
    /// Whether secrets, card and identity numbers are masked before it sees a text.
    redact: bool,
    /// Whether it answers.
    state: AgentState,
    /// What went wrong last.
    last_error: Option<String>,
    /// Calls since the start.
    calls: u64,
    /// Calls that failed.
    errors: u64,
    /// Median milliseconds of the latest calls.
    p50_ms: f64,
    /// The 95th percentile of the latest calls, in milliseconds.
    p95_ms: f64,
}

/// An agent and the models that it asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiAgentChain, example = json!({
    "name": "categorization", "chain": ["openai/gpt-5-mini", "local"], "shadow": null
}))]
struct AgentChainBody {
    /// Its name.
    name: AgentName,
    /// Its models in order; the embedded engine, `local`, is always last.
    chain: Vec<String>,
    /// The model that runs beside it without effect.
    shadow: Option<String>,
}

impl From<AiOverview> for AiSettingsBody {
    fn from(overview: AiOverview) -> Self {
        Self {
            providers: overview.providers.into_iter().map(Into::into).collect(),
            agents: overview.agents.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ProviderOverview> for ProviderBody {
    fn from(provider: ProviderOverview) -> Self {
        let status = provider.status;
        Self {
            name: provider.name.to_string(),
            kind: provider.kind.as_str(),
            base_url: provider.base_url,
            key: match (provider.has_key, provider.key_is_sealed) {
                (_, true) => "sealed",
                (true, false) => "environment",
                (false, false) => "none",
            },
            redact: provider.redact,
            state: status.state.into(),
            last_error: status.last_error,
            calls: status.calls,
            errors: status.errors,
            p50_ms: status.p50_ms,
            p95_ms: status.p95_ms,
        }
    }
}

impl From<AgentOverview> for AgentChainBody {
    fn from(agent: AgentOverview) -> Self {
        let chain = agent.chain.iter().map(ToString::to_string);
        Self {
            name: agent.name.into(),
            chain: chain.chain([atc_core::agent::EMBEDDED.to_owned()]).collect(),
            shadow: agent.shadow.map(|model| model.to_string()),
        }
    }
}

/// What another model, or other instructions, would have decided of the latest tickets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiReplay, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "created_at": "2026-01-31T12:00:00Z",
    "agent": "categorization", "provider": "openai", "model": "gpt-5", "instructions": null,
    "limit": 50, "finished_at": null, "report": null
}))]
pub(crate) struct ReplayBody {
    /// Its identity.
    id: Uuid,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// Whose decisions.
    agent: AgentName,
    /// The provider of the candidate.
    provider: String,
    /// The candidate.
    model: String,
    /// Its instructions; null: the agent's own.
    instructions: Option<String>,
    /// How many of the latest tickets it reads.
    limit: u16,
    /// When the report was finished; null while it is made.
    finished_at: Option<DateTime<Utc>>,
    /// The report.
    report: Option<ReportBody>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiReplayReport, example = json!({
    "answered": 49, "unanswered": 1, "same_category": 44, "same_priority": 40, "judged": 30,
    "right": 28, "engine_right": 25, "input_tokens": 31000, "output_tokens": 4700, "cost": 0.04,
    "gave_up": null, "differences": []
}))]
struct ReportBody {
    /// Tickets that the candidate answered.
    answered: u32,
    /// Tickets that it did not answer in a usable way.
    unanswered: u32,
    /// Answers with the category that the ticket has now.
    same_category: u32,
    /// Answers with the priority that the ticket has now.
    same_priority: u32,
    /// Tickets whose category a person gave.
    judged: u32,
    /// Of these: those whose category the candidate names, after the vote with the embedded engine.
    right: u32,
    /// Of these: those whose category the embedded engine names by itself.
    engine_right: u32,
    /// Tokens that were read.
    input_tokens: u64,
    /// Tokens that were written.
    output_tokens: u64,
    /// What they cost.
    cost: f64,
    /// Why it gave up early.
    gave_up: Option<String>,
    /// The tickets on which candidate and ticket differ.
    differences: Vec<DifferenceBody>,
}

/// A ticket on which a candidate decides otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiReplayDifference, example = json!({
    "number": 42, "category": "general", "by_person": false, "candidate": "billing",
    "priority": "medium", "candidate_priority": "high", "reason": "It asks for a refund."
}))]
struct DifferenceBody {
    /// The ticket's number.
    number: i64,
    /// The category that it has.
    category: String,
    /// Whether a person gave it.
    by_person: bool,
    /// The category that the candidate leads to.
    candidate: String,
    /// The priority that it has.
    priority: Priority,
    /// The priority that the candidate leads to.
    candidate_priority: Priority,
    /// The candidate's reason.
    reason: String,
}

impl From<Replay> for ReplayBody {
    fn from(replay: Replay) -> Self {
        let request = replay.request;
        Self {
            id: replay.id.0,
            created_at: replay.created_at,
            agent: request.agent.into(),
            provider: request.provider.to_string(),
            model: request.model,
            instructions: request.instructions,
            limit: request.limit,
            finished_at: replay.finished_at,
            report: replay.report.map(Into::into),
        }
    }
}

impl From<ReplayReport> for ReportBody {
    fn from(report: ReplayReport) -> Self {
        Self {
            answered: report.answered,
            unanswered: report.unanswered,
            same_category: report.same_category,
            same_priority: report.same_priority,
            judged: report.judged,
            right: report.right,
            engine_right: report.engine_right,
            input_tokens: report.input_tokens,
            output_tokens: report.output_tokens,
            cost: money(report.cost_micros),
            gave_up: report.gave_up,
            differences: report.differences.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ReplayedTicket> for DifferenceBody {
    fn from(ticket: ReplayedTicket) -> Self {
        Self {
            number: ticket.number.0,
            category: ticket.category.to_string(),
            by_person: ticket.by_person,
            candidate: ticket.candidate.to_string(),
            priority: ticket.priority.into(),
            candidate_priority: ticket.candidate_priority.into(),
            reason: ticket.reason,
        }
    }
}
