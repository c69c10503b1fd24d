//! Writing decisions down, each in the transaction of what it did.

use atc_core::{
    Error, Result,
    agent::AgentName,
    category::Slug,
    chat::Usage,
    decision::{Decision, DecisionAction, FieldChange, Undo},
    id::{DecisionId, TicketNumber, UserId},
    json::RawJson,
};
use atc_store::Tx;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Asked;
use crate::{App, triage::TriageReading};

/// A decision that is being written down.
#[derive(Debug, Clone)]
pub(crate) struct NewDecision {
    /// Who decided.
    pub agent: AgentName,
    /// What was done.
    pub action: DecisionAction,
    /// On which ticket.
    pub ticket: Option<TicketNumber>,
    /// In which conversation.
    pub conversation: Option<Uuid>,
    /// On whose behalf.
    pub person: Option<UserId>,
    /// Who answered, with which model and instructions.
    pub by: DecidedBy,
    /// SHA-256 of what was read.
    pub input_digest: Vec<u8>,
    /// What was decided, an object.
    pub output: Value,
    /// The category that was decided.
    pub category: Option<Slug>,
    /// The category that the language model named by itself.
    pub said: Option<Slug>,
    /// The calibrated probability of the category.
    pub confidence: Option<f64>,
    /// What spoke for it, an object.
    pub evidence: Value,
    /// How it is put back.
    pub undo: Option<Undo>,
    /// Whether it ran beside the live agent.
    pub shadow: bool,
}

/// Who answered, and what that took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecidedBy {
    /// The provider, or the embedded engine's name.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Which instructions; empty for the embedded engine.
    pub prompt_version: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What it used.
    pub usage: Usage,
    /// What that cost, in millionths of the currency unit.
    pub cost_micros: u64,
    /// Whether a fallback answered.
    pub degraded: bool,
}

impl DecidedBy {
    /// A language model.
    pub fn model(asked: &Asked, prompt_version: String) -> Self {
        Self {
            provider: asked.model.provider.to_string(),
            model: asked.model.model.clone(),
            prompt_version,
            took_ms: u64::try_from(asked.took.as_millis()).unwrap_or(u64::MAX),
            usage: asked.usage,
            cost_micros: asked.cost_micros,
            degraded: asked.degraded,
        }
    }
}

impl TriageReading {
    /// What this reading decides of a ticket, to be written down with it. `changed` are the fields that it
    /// filled.
    pub(crate) fn decision(
        &self,
        action: DecisionAction,
        ticket: TicketNumber,
        person: Option<UserId>,
        changed: Vec<FieldChange>,
    ) -> NewDecision {
        let triage = &self.triage;
        let advice = self.advice();
        let by = match advice.and_then(|a| a.asked.as_ref().map(|asked| (asked, a))) {
            Some((asked, advice)) => DecidedBy::model(asked, advice.prompt_version.clone()),
            None => DecidedBy {
                provider: triage.provider.clone(),
                model: triage.model.clone(),
                prompt_version: String::new(),
                took_ms: triage.took_ms,
                usage: Usage::default(),
                cost_micros: 0,
                degraded: triage.degraded,
            },
        };
        let said = advice.and_then(|a| a.said.as_ref()).map(|said| said.category.clone());
        let numbers: Vec<_> = triage.duplicates.iter().map(|d| d.number).collect();
        let articles: Vec<_> = triage.articles.iter().map(|a| a.id).collect();
        NewDecision {
            agent: advice.map_or(AgentName::Categorization, |a| a.agent),
            action,
            ticket: Some(ticket),
            conversation: None,
            person,
            by,
            input_digest: self.input_digest.clone(),
            output: json!({"category": triage.category, "priority": triage.priority,
                "needs_review": triage.needs_review, "tags": triage.tags,
                "engine": advice.map_or(&triage.category, |a| &a.engine), "said": said}),
            category: changed
                .iter()
                .any(|c| c.field == "category")
                .then(|| triage.category.clone()),
            said,
            confidence: Some(triage.confidence),
            evidence: json!({"rationale": triage.rationale, "duplicates": numbers,
                "articles": articles, "unanswered": advice.and_then(|a| a.why.as_deref())}),
            undo: (!changed.is_empty()).then_some(Undo::Fields { fields: changed }),
            shadow: false,
        }
    }
}

impl App {
    /// Writes a decision down.
    pub(crate) async fn record_decision(
        &self,
        tx: &Tx,
        new: NewDecision,
        now: DateTime<Utc>,
    ) -> Result<DecisionId> {
        let id = DecisionId(self.new_id());
        let decision = Decision {
            id,
            at: now,
            agent: new.agent,
            action: new.action,
            ticket: new.ticket,
            conversation: new.conversation,
            person: new.person,
            provider: new.by.provider,
            model: new.by.model,
            prompt_version: new.by.prompt_version,
            input_digest: new.input_digest,
            output: raw(&new.output)?,
            category: new.category,
            said: new.said,
            confidence: new.confidence,
            took_ms: new.by.took_ms,
            usage: new.by.usage,
            cost_micros: new.by.cost_micros,
            degraded: new.by.degraded,
            shadow: new.shadow,
            evidence: raw(&new.evidence)?,
            undo: new.undo,
            reverted: None,
        };
        tx.decisions().insert(&decision).await?;
        Ok(id)
    }
}

/// The digest of what an agent read.
pub(crate) fn digest_of(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

fn raw(value: &Value) -> Result<RawJson> {
    let object = if value.is_object() { value } else { &json!({}) };
    serde_json::to_string(object).map(RawJson::trusted).map_err(Error::internal)
}
