//! What agents decided.

use atc_core::decision::Decision;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AgentName, DecisionAction};

/// Something that an agent wrote, and what spoke for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "at": "2026-01-31T12:00:00Z",
    "agent": "categorization", "action": "ticket_created", "ticket_number": 42,
    "conversation_id": null, "on_behalf_of": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12",
    "provider": "openai", "model": "gpt-5-mini", "prompt_version": "5f2a9c01d3e4",
    "input_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "output": {"category": "billing", "priority": "medium"}, "confidence": 0.97,
    "took_ms": 812, "input_tokens": 640, "output_tokens": 95, "cost": 0.00035,
    "degraded": false, "shadow": false, "evidence": {"rationale": "Category billing …"},
    "can_revert": true, "reverted_at": null, "reverted_by": null
}))]
pub(crate) struct DecisionBody {
    /// Its identity.
    id: Uuid,
    /// When it was written.
    at: DateTime<Utc>,
    /// Who decided.
    agent: AgentName,
    /// What was done.
    action: DecisionAction,
    /// On which ticket.
    ticket_number: Option<i64>,
    /// In which conversation.
    conversation_id: Option<Uuid>,
    /// On whose behalf; null: the program's own.
    on_behalf_of: Option<Uuid>,
    /// Who answered; `local` is the embedded engine.
    provider: String,
    /// With which model.
    model: String,
    /// Which instructions it had: the same for the same words; empty for the embedded engine.
    prompt_version: String,
    /// SHA-256 of what was read.
    input_digest: String,
    /// What was decided.
    #[schema(value_type = Object)]
    output: Value,
    /// The calibrated probability of the category.
    confidence: Option<f64>,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// Tokens that were read.
    input_tokens: u32,
    /// Tokens that were written.
    output_tokens: u32,
    /// What that cost, in the currency of the prices that are configured; 0 without prices.
    cost: f64,
    /// Whether a fallback answered.
    degraded: bool,
    /// Whether it ran beside the live agent, without effect.
    shadow: bool,
    /// What spoke for it.
    #[schema(value_type = Object)]
    evidence: Value,
    /// Whether it can be put back.
    can_revert: bool,
    /// When it was put back.
    reverted_at: Option<DateTime<Utc>>,
    /// By whom.
    reverted_by: Option<Uuid>,
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        let object = |json: &str| serde_json::from_str(json).unwrap_or_default();
        Self {
            id: decision.id.0,
            at: decision.at,
            agent: decision.agent.into(),
            action: decision.action.into(),
            ticket_number: decision.ticket.map(|number| number.0),
            conversation_id: decision.conversation,
            on_behalf_of: decision.person.map(|id| id.0),
            provider: decision.provider,
            model: decision.model,
            prompt_version: decision.prompt_version,
            input_digest: hex(&decision.input_digest),
            output: object(decision.output.as_str()),
            confidence: decision.confidence,
            took_ms: decision.took_ms,
            input_tokens: decision.usage.input_tokens,
            output_tokens: decision.usage.output_tokens,
            cost: money(decision.cost_micros),
            degraded: decision.degraded,
            shadow: decision.shadow,
            evidence: object(decision.evidence.as_str()),
            can_revert: decision.undo.is_some() && decision.reverted.is_none(),
            reverted_at: decision.reverted.map(|(at, _)| at),
            reverted_by: decision.reverted.map(|(_, by)| by.0),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Millionths of the currency unit as people write it.
pub(crate) fn money(micros: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "beyond nine billion nobody counts millionths")]
    let micros = micros as f64;
    micros / 1e6
}
