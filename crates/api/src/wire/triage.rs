//! What the machine thinks.

use atc_core::triage::{Alternative, ArticleMatch, Assignment, Duplicate, Triage};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Priority;

/// The machine's reading of a ticket, with its evidence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Triage, example = json!({
    "category": "billing", "priority": "medium", "confidence": 0.91, "needs_review": false,
    "alternatives": [{"category": "general", "confidence": 0.04}],
    "tags": ["INV-20417"],
    "summary": "The invoice of October was charged twice.",
    "rationale": "Category billing with 91 % confidence. Priority medium.",
    "language": "en", "suggested_reply": null, "duplicates": [], "articles": [],
    "assignment": null, "provider": "local", "model": "all-MiniLM-L6-v2-int8",
    "degraded": false, "took_ms": 9
}))]
pub(crate) struct TriageBody {
    /// The category; always one that exists.
    category: String,
    /// How pressing it is.
    priority: Priority,
    /// The calibrated probability that the category is right.
    #[schema(minimum = 0.0, maximum = 1.0)]
    confidence: f64,
    /// Whether the machine is too unsure to route by itself.
    needs_review: bool,
    /// What else it may be, likeliest first.
    alternatives: Vec<AlternativeBody>,
    /// Words worth having: error codes, order numbers, versions.
    tags: Vec<String>,
    /// The sentences that carry the meaning.
    summary: String,
    /// Why: the words, the tickets and the article that decided.
    rationale: String,
    /// ISO 639-1 code of the language; `null` when it cannot be told.
    language: Option<String>,
    /// An answer built from the best article; `null` when none fits well enough.
    suggested_reply: Option<String>,
    /// Tickets that may be about the same thing, likeliest first.
    duplicates: Vec<DuplicateBody>,
    /// Articles that may help, best first.
    articles: Vec<ArticleMatchBody>,
    /// To whom it is routed; `null` when its category has no team or a person should look first.
    #[schema(nullable)]
    assignment: Option<AssignmentBody>,
    /// Who answered.
    provider: String,
    /// With which model.
    model: String,
    /// Whether a fallback answered.
    degraded: bool,
    /// How long it took, in milliseconds.
    took_ms: u64,
}

/// Another category that a ticket may belong to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alternative, example = json!({"category": "general", "confidence": 0.04}))]
pub(crate) struct AlternativeBody {
    /// The category.
    category: String,
    /// The calibrated probability that it is right.
    #[schema(minimum = 0.0, maximum = 1.0)]
    confidence: f64,
}

/// A ticket that may be about the same thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicate, example = json!({
    "ticket_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "number": 42,
    "title": "Charged twice in October", "score": 0.87
}))]
pub(crate) struct DuplicateBody {
    /// Its identity.
    ticket_id: Uuid,
    /// Its number.
    number: i64,
    /// Its title.
    title: String,
    /// How alike they are, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    score: f64,
}

/// An article that may help.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleMatch, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "title": "Refunds", "score": 0.74,
    "snippet": "A double charge is refunded within five days."
}))]
pub(crate) struct ArticleMatchBody {
    /// Its identity.
    id: Uuid,
    /// Its title.
    title: String,
    /// How well it fits, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    score: f64,
    /// The passage that fits best, as plain text.
    snippet: String,
}

/// To whom a ticket is routed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assignment, example = json!({
    "team_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "assignee_id": null,
    "reason": "Category billing belongs to the team Billing; nobody in it is active."
}))]
pub(crate) struct AssignmentBody {
    /// The team.
    team_id: Uuid,
    /// The person; `null` when the team has no active member.
    assignee_id: Option<Uuid>,
    /// Why.
    reason: String,
}

impl From<Triage> for TriageBody {
    fn from(t: Triage) -> Self {
        Self {
            category: t.category.into(),
            priority: t.priority.into(),
            confidence: t.confidence,
            needs_review: t.needs_review,
            alternatives: t.alternatives.into_iter().map(AlternativeBody::from).collect(),
            tags: t.tags,
            summary: t.summary,
            rationale: t.rationale,
            language: t.language,
            suggested_reply: t.suggested_reply,
            duplicates: t.duplicates.into_iter().map(DuplicateBody::from).collect(),
            articles: t.articles.into_iter().map(ArticleMatchBody::from).collect(),
            assignment: t.assignment.map(AssignmentBody::from),
            provider: t.provider,
            model: t.model,
            degraded: t.degraded,
            took_ms: t.took_ms,
        }
    }
}

impl From<Alternative> for AlternativeBody {
    fn from(a: Alternative) -> Self {
        Self { category: a.category.into(), confidence: a.confidence }
    }
}

impl From<Duplicate> for DuplicateBody {
    fn from(d: Duplicate) -> Self {
        Self { ticket_id: d.ticket_id.0, number: d.number.0, title: d.title, score: d.score }
    }
}

impl From<ArticleMatch> for ArticleMatchBody {
    fn from(a: ArticleMatch) -> Self {
        Self { id: a.id.0, title: a.title, score: a.score, snippet: a.snippet }
    }
}

impl From<Assignment> for AssignmentBody {
    fn from(a: Assignment) -> Self {
        Self { team_id: a.team_id.0, assignee_id: a.assignee_id.map(|id| id.0), reason: a.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atc_core::{
        category::Slug,
        id::{ArticleId, TeamId, TicketId, TicketNumber},
    };

    /// A ticket's triage is kept as the core writes it and shown as it is kept: both must agree.
    #[test]
    fn the_kept_form_is_the_shown_form() {
        let slug = || Slug::parse("bug").unwrap();
        let triage = Triage {
            category: slug(),
            priority: atc_core::ticket::Priority::High,
            confidence: 0.5,
            needs_review: true,
            alternatives: vec![Alternative { category: slug(), confidence: 0.1 }],
            tags: vec!["E42".into()],
            summary: "s".into(),
            rationale: "r".into(),
            language: None,
            suggested_reply: Some("hello".into()),
            duplicates: vec![Duplicate {
                ticket_id: TicketId(Uuid::nil()),
                number: TicketNumber(1),
                title: "t".into(),
                score: 0.9,
            }],
            articles: vec![ArticleMatch {
                id: ArticleId(Uuid::nil()),
                title: "a".into(),
                score: 0.8,
                snippet: "x".into(),
            }],
            assignment: Some(Assignment {
                team_id: TeamId(Uuid::nil()),
                assignee_id: None,
                reason: "why".into(),
            }),
            provider: "local".into(),
            model: "m".into(),
            degraded: false,
            took_ms: 3,
        };
        let kept = serde_json::to_string(&triage).unwrap();
        let shown = serde_json::to_string(&TriageBody::from(triage)).unwrap();
        assert_eq!(kept, shown);
    }
}
