//! The decision ledger: everything that an agent wrote, and what became of it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    agent::AgentName,
    category::Slug,
    chat::Usage,
    id::{DecisionId, TicketNumber, UserId},
    json::RawJson,
};

/// What an agent did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionAction {
    /// Made a ticket, or filled what a person left open in one.
    TicketCreated,
    /// Read a ticket again.
    TicketTriaged,
    /// Changed a ticket.
    TicketUpdated,
    /// Wrote a comment.
    CommentAdded,
    /// Called a tool of another system.
    ToolCalled,
}

impl DecisionAction {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::TicketCreated,
        Self::TicketTriaged,
        Self::TicketUpdated,
        Self::CommentAdded,
        Self::ToolCalled,
    ];

    /// The word in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TicketCreated => "ticket_created",
            Self::TicketTriaged => "ticket_triaged",
            Self::TicketUpdated => "ticket_updated",
            Self::CommentAdded => "comment_added",
            Self::ToolCalled => "tool_called",
        }
    }

    /// The action of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

impl fmt::Display for DecisionAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its identity; sorts by time.
    pub id: DecisionId,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who decided.
    pub agent: AgentName,
    /// What was done.
    pub action: DecisionAction,
    /// On which ticket.
    pub ticket: Option<TicketNumber>,
    /// In which conversation.
    pub conversation: Option<Uuid>,
    /// On whose behalf; `None`: the program's own.
    pub person: Option<UserId>,
    /// Who answered.
    pub provider: String,
    /// With which model.
    pub model: String,
    /// Which instructions: a digest, the same for the same words.
    pub prompt_version: String,
    /// SHA-256 of what was read.
    pub input_digest: Vec<u8>,
    /// What was decided, an object.
    pub output: RawJson,
    /// The category that was decided.
    pub category: Option<Slug>,
    /// The category that the language model named by itself, before the vote.
    pub said: Option<Slug>,
    /// The calibrated probability of the category.
    pub confidence: Option<f64>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What it used.
    pub usage: Usage,
    /// What that cost, in millionths of the currency unit.
    pub cost_micros: u64,
    /// Whether a fallback answered.
    pub degraded: bool,
    /// Whether it ran beside the live agent, without effect.
    pub shadow: bool,
    /// What spoke for it, an object.
    pub evidence: RawJson,
    /// What it changed, so that it can be put back; `None`: nothing to put back.
    pub undo: Option<Undo>,
    /// When and by whom it was put back.
    pub reverted: Option<(DateTime<Utc>, UserId)>,
}

/// How a decision is put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Undo {
    /// Fields of a ticket get the value that they had, where nobody changed them since.
    Fields {
        /// Each of them.
        fields: Vec<FieldChange>,
    },
    /// The ticket that was made is cancelled.
    CancelTicket,
    /// The comment that was written is deleted.
    DeleteComment {
        /// Which.
        comment_id: Uuid,
    },
}

/// A field of a ticket that an agent set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name in the API: `category` or `priority`.
    pub field: String,
    /// What stood there; `None`: nothing, the ticket was new.
    pub from: Option<String>,
    /// What the agent wrote.
    pub to: String,
}

/// What people made of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A person confirmed it, or the ticket was resolved with it in place.
    Kept,
    /// A person changed it or put it back.
    Changed,
    /// Nobody said anything yet.
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads_back() {
        for action in DecisionAction::ALL {
            assert_eq!(DecisionAction::parse(action.as_str()), Some(action));
        }
        assert_eq!(DecisionAction::parse("x"), None);
    }
}
