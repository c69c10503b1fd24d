//! What the machine thinks of a ticket, and the evidence for it.

use serde::{Deserialize, Serialize};

use crate::{
    category::Slug,
    id::{ArticleId, TeamId, TicketId, TicketNumber, UserId},
    ticket::Priority,
};

/// The machine's reading of a ticket, as clients get it and as it is stored with the ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Triage {
    /// The category; always one that exists at this moment.
    pub category: Slug,
    /// How pressing it is.
    pub priority: Priority,
    /// The calibrated probability that the category is right.
    pub confidence: f64,
    /// Whether the confidence is too low to route by itself.
    pub needs_review: bool,
    /// What else it may be, likeliest first.
    pub alternatives: Vec<Alternative>,
    /// Words worth having: error codes, order numbers, versions.
    pub tags: Vec<String>,
    /// The sentences that carry the meaning.
    pub summary: String,
    /// Why: the words, the tickets and the article that decided.
    pub rationale: String,
    /// The language of the text, as an ISO 639-1 code; `None` when it cannot be told.
    pub language: Option<String>,
    /// An answer built from the best article; `None` when no article fits well enough.
    pub suggested_reply: Option<String>,
    /// Tickets that may be about the same thing, likeliest first.
    pub duplicates: Vec<Duplicate>,
    /// Articles that may help, best first.
    pub articles: Vec<ArticleMatch>,
    /// To whom it is routed; `None` when its category has no team.
    pub assignment: Option<Assignment>,
    /// Who answered.
    pub provider: String,
    /// With which model.
    pub model: String,
    /// Whether a fallback answered, because a better model was not there.
    pub degraded: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Another category that a ticket may belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The category.
    pub category: Slug,
    /// The calibrated probability that it is right.
    pub confidence: f64,
}

/// A ticket that may be about the same thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Its identity.
    pub ticket_id: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// Its title.
    pub title: String,
    /// How alike they are, 0 to 1.
    pub score: f64,
}

/// An article that may help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleMatch {
    /// Its identity.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The passage that fits best, as plain text.
    pub snippet: String,
}

/// To whom a ticket is routed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The team.
    pub team_id: TeamId,
    /// The person; `None` when the team has no active member.
    pub assignee_id: Option<UserId>,
    /// Why.
    pub reason: String,
}
