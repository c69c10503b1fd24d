//! Every call of a tool stands in the decision ledger, also one whose caller has left.

use atc_core::{
    Ctx, Error, Result,
    agent::AgentName,
    chat::Usage,
    decision::{Decision, DecisionAction},
    id::{ConversationId, DecisionId},
    json::RawJson,
    ports::{ToolResult, ToolServerError},
};
use atc_store::Store;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::AllowedTool;
use crate::{App, agents::digest_of};

/// How a call ended whose caller left before it did.
const LEFT: &str = "caller_left";

/// A call that is under way.
pub(super) struct Record {
    store: Store,
    tasks: TaskTracker,
    tool: AllowedTool,
    begun: Instant,
    approved: bool,
    /// Taken when it is written.
    decision: Option<Decision>,
}

impl App {
    /// Begins the record of a call.
    pub(super) fn record_call(
        &self,
        ctx: &Ctx,
        conversation: Option<ConversationId>,
        tool: &AllowedTool,
        arguments: &RawJson,
        approved: bool,
    ) -> Record {
        let decision = Decision {
            id: DecisionId(self.new_id()),
            at: self.now(),
            agent: AgentName::CustomerSupport,
            action: DecisionAction::ToolCalled,
            ticket: None,
            conversation: conversation.map(|id| id.0),
            person: Some(ctx.caller.user_id),
            provider: tool.server.to_string(),
            model: tool.tool.to_string(),
            prompt_version: tool.digest.clone(),
            input_digest: digest_of(arguments.as_str()),
            output: RawJson::empty_object(),
            category: None,
            said: None,
            confidence: None,
            took_ms: 0,
            usage: Usage::default(),
            cost_micros: 0,
            degraded: false,
            shadow: false,
            evidence: RawJson::empty_object(),
            undo: None,
            reverted: None,
        };
        Record {
            store: self.store.clone(),
            tasks: self.tasks.clone(),
            tool: tool.clone(),
            begun: Instant::now(),
            approved,
            decision: Some(decision),
        }
    }
}

impl Record {
    /// Ends the record.
    ///
    /// # Errors
    /// When it cannot be written: what is not recorded has not happened for whoever called.
    pub async fn end(mut self, outcome: &Result<ToolResult, ToolServerError>) -> Result<()> {
        let word = match outcome {
            Ok(result) if result.is_error => "tool_error",
            Ok(_) => "ok",
            Err(e) => e.as_str(),
        };
        let Some(decision) = self.finished(word) else { return Ok(()) };
        // In a task of its own, so that it is written although the caller leaves meanwhile.
        let writing = self.tasks.spawn(write(self.store.clone(), decision));
        writing.await.map_err(Error::internal)?
    }

    fn finished(&mut self, outcome: &'static str) -> Option<Decision> {
        let mut decision = self.decision.take()?;
        let took = self.begun.elapsed();
        decision.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let output = json!({
            "tool": self.tool.spec.name, "outcome": outcome, "approved": self.approved,
        });
        decision.output = RawJson::trusted(output.to_string());
        let server = self.tool.server.to_string();
        metrics::counter!("tool_calls_total", "server" => server.clone(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("tool_call_seconds", "server" => server).record(took);
        Some(decision)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some(decision) = self.finished(LEFT) else { return };
        let writing = write(self.store.clone(), decision);
        self.tasks.spawn(async move {
            if let Err(e) = writing.await {
                tracing::error!(error = %e, "a call of a tool could not be recorded");
            }
        });
    }
}

async fn write(store: Store, decision: Decision) -> Result<()> {
    let tx = store.begin().await?;
    tx.decisions().insert(&decision).await?;
    Ok(tx.commit().await?)
}
