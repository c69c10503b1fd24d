//! Tickets.

use atc_app::SimilarTicket;
use atc_core::{
    json::RawJson,
    ticket::{AuditEntry, AuditValue, NewTicket, Ticket, TicketStats},
    triage::Triage,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AttachmentBody, AuditKind, PersonBody, Priority, Source, Status, TriageBody};

/// A ticket as this caller may see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "number": 42,
    "title": "The invoice of October was charged twice",
    "description": "Our card was charged twice for INV-20417.",
    "status": "new", "priority": "medium", "category": "billing", "tags": ["INV-20417"],
    "source": "api",
    "requester": {
        "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12",
        "email": "person@example.com", "full_name": "Example Person"
    },
    "assignee": null, "team": null, "attachments": [], "metadata": {}, "external_links": [],
    "triage": null, "comment_count": 0,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z",
    "resolved_at": null, "closed_at": null, "version": 1
}))]
pub(crate) struct TicketBody {
    /// Its identity.
    id: Uuid,
    /// Its number, as people say it.
    #[schema(minimum = 1)]
    number: i64,
    /// One line that says what it is about.
    title: String,
    /// The whole story.
    description: String,
    /// How far it is.
    status: Status,
    /// How pressing it is.
    priority: Priority,
    /// The slug of its category.
    category: String,
    /// Words that group it with others.
    tags: Vec<String>,
    /// Which door it came through.
    source: Source,
    /// Who asked for it.
    requester: PersonBody,
    /// Who works on it.
    #[schema(nullable)]
    assignee: Option<PersonBody>,
    /// Which team it belongs to.
    #[schema(nullable)]
    team: Option<TeamSummaryBody>,
    /// Files that belong to it.
    attachments: Vec<AttachmentBody>,
    /// What clients and integrations keep with it.
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
    /// Its twins in other systems.
    external_links: Vec<ExternalLinkBody>,
    /// What the machine thought of it.
    #[schema(nullable, value_type = Option<TriageBody>)]
    triage: Option<Box<RawValue>>,
    /// How many comments the caller may see.
    comment_count: i64,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// When it was resolved.
    resolved_at: Option<DateTime<Utc>>,
    /// When it was closed.
    closed_at: Option<DateTime<Utc>>,
    /// Counts every change; the entity tag.
    version: i64,
}

/// A team, in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamSummary, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "First line"
}))]
pub(crate) struct TeamSummaryBody {
    /// Its identity.
    id: Uuid,
    /// Its name.
    name: String,
}

/// A ticket's twin in another system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalLink, example = json!({
    "platform": "jira", "key": "OPS-7", "url": "https://example.com/OPS-7",
    "status": "In Progress", "synced_at": "2026-01-31T12:00:00Z"
}))]
pub(crate) struct ExternalLinkBody {
    /// Which system.
    platform: String,
    /// Its name there.
    key: String,
    /// Where it stands.
    url: String,
    /// How far it is there.
    status: String,
    /// When both last agreed.
    synced_at: DateTime<Utc>,
}

impl From<Ticket> for TicketBody {
    fn from(t: Ticket) -> Self {
        Self {
            id: t.id.0,
            number: t.number.0,
            title: t.title.into_string(),
            description: t.description.into_string(),
            status: t.status.into(),
            priority: t.priority.into(),
            category: t.category.into(),
            tags: t.tags.into_iter().map(String::from).collect(),
            source: t.source.into(),
            requester: t.requester.into(),
            assignee: t.assignee.map(PersonBody::from),
            team: t.team.map(|team| TeamSummaryBody { id: team.id.0, name: team.name }),
            attachments: t.attachments.into_iter().map(AttachmentBody::from).collect(),
            metadata: raw(t.metadata),
            external_links: Vec::new(),
            triage: t.triage.map(raw),
            comment_count: t.comment_count,
            created_at: t.created_at,
            updated_at: t.updated_at,
            resolved_at: t.resolved_at,
            closed_at: t.closed_at,
            version: t.version,
        }
    }
}

/// JSON as it was kept. What cannot be read any more is shown as an empty object.
pub(super) fn raw(json: RawJson) -> Box<RawValue> {
    RawValue::from_string(json.into_string())
        .or_else(|_| RawValue::from_string("{}".to_owned()))
        .unwrap_or_else(|_| unreachable!("{{}} is JSON"))
}

/// A ticket as it would be made; nothing is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketDraft, example = json!({
    "title": "The invoice of October was charged twice",
    "description": "Our card was charged twice for INV-20417.",
    "priority": "medium", "category": "billing", "tags": ["INV-20417"], "source": "ai",
    "metadata": {"entities": {"order_numbers": ["INV-20417"]}},
    "triage": {
        "category": "billing", "priority": "medium", "confidence": 0.91, "needs_review": false,
        "alternatives": [], "tags": ["INV-20417"],
        "summary": "Our card was charged twice for INV-20417.",
        "rationale": "Category billing with 91 % confidence. Priority medium.",
        "language": "en", "suggested_reply": null, "duplicates": [], "articles": [],
        "assignment": null, "provider": "local", "model": "all-MiniLM-L6-v2-int8",
        "degraded": false, "took_ms": 9
    }
}))]
pub(crate) struct DraftBody {
    /// One line that says what it is about.
    title: String,
    /// The whole story.
    description: String,
    /// How pressing it is.
    priority: Priority,
    /// The slug of its category.
    category: String,
    /// Words that group it with others.
    tags: Vec<String>,
    /// Which door it would come through.
    source: Source,
    /// What would be kept with it.
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
    /// What the machine thinks of it.
    triage: TriageBody,
}

impl DraftBody {
    pub fn new(new: NewTicket, triage: Triage) -> Self {
        Self {
            title: new.title.into_string(),
            description: new.description.into_string(),
            priority: triage.priority.into(),
            category: triage.category.as_str().to_owned(),
            tags: new.tags.into_iter().map(String::from).collect(),
            source: new.source.into(),
            metadata: raw(new.metadata),
            triage: triage.into(),
        }
    }
}

/// A ticket that is like another one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimilarTicket, example = json!({"ticket": {
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "number": 42,
    "title": "The invoice of October was charged twice",
    "description": "Our card was charged twice for INV-20417.",
    "status": "new", "priority": "medium", "category": "billing", "tags": ["INV-20417"],
    "source": "api",
    "requester": {
        "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12",
        "email": "person@example.com", "full_name": "Example Person"
    },
    "assignee": null, "team": null, "attachments": [], "metadata": {}, "external_links": [],
    "triage": null, "comment_count": 0,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z",
    "resolved_at": null, "closed_at": null, "version": 1
}, "score": 0.87}))]
pub(crate) struct SimilarBody {
    /// The ticket.
    ticket: TicketBody,
    /// How alike they are, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    score: f64,
}

impl From<SimilarTicket> for SimilarBody {
    fn from(similar: SimilarTicket) -> Self {
        Self { ticket: similar.ticket.into(), score: similar.score }
    }
}

/// An entry of a ticket's audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "kind": "updated",
    "actor": {
        "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12",
        "email": "agent@example.com", "full_name": "Example Agent"
    },
    "changes": [{"field": "status", "from": "new", "to": "open"}],
    "at": "2026-01-31T12:00:00Z"
}))]
pub(crate) struct AuditEntryBody {
    /// Its identity.
    id: Uuid,
    /// What happened.
    kind: AuditKind,
    /// Who did it; `null` for the program itself.
    #[schema(nullable)]
    actor: Option<PersonBody>,
    /// What changed.
    changes: Vec<AuditChangeBody>,
    /// When.
    at: DateTime<Utc>,
}

/// One field's change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditChange, example = json!({"field": "status", "from": "new", "to": "open"}))]
pub(crate) struct AuditChangeBody {
    /// The field.
    field: String,
    /// What it held.
    #[schema(value_type = Value)]
    from: AuditValue,
    /// What it holds now.
    #[schema(value_type = Value)]
    to: AuditValue,
}

impl From<AuditEntry> for AuditEntryBody {
    fn from(entry: AuditEntry) -> Self {
        let changes = entry.changes.into_iter();
        Self {
            id: entry.id.0,
            kind: entry.kind.into(),
            actor: entry.actor.map(PersonBody::from),
            changes: changes
                .map(|c| AuditChangeBody { field: c.field, from: c.from, to: c.to })
                .collect(),
            at: entry.at,
        }
    }
}

/// Statistics over the tickets that the caller may see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketStats, example = json!({
    "total": 3,
    "by_status": [{"status": "new", "count": 2}, {"status": "resolved", "count": 1}],
    "by_priority": [{"priority": "medium", "count": 3}],
    "by_category": [{"category": "billing", "count": 3}],
    "by_assignee": [{"assignee": null, "count": 3}],
    "per_day": [{"day": "2026-01-31", "created": 3, "resolved": 1}],
    "median_first_response_s": 240, "median_resolution_s": 3600
}))]
pub(crate) struct StatsBody {
    /// All of them.
    total: u64,
    /// How many are in each status; statuses without tickets are left out.
    by_status: Vec<StatusCountBody>,
    /// How many have each priority.
    by_priority: Vec<PriorityCountBody>,
    /// How many are in each category, most first.
    by_category: Vec<CategoryCountBody>,
    /// How many each person has, most first.
    by_assignee: Vec<AssigneeCountBody>,
    /// Made and resolved on each day (UTC) that had either, oldest first.
    per_day: Vec<DayBody>,
    /// Median seconds from creation to the first public answer by staff.
    median_first_response_s: Option<i64>,
    /// Median seconds from creation to resolution.
    median_resolution_s: Option<i64>,
}

/// How many tickets are in a status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusCount, example = json!({"status": "new", "count": 2}))]
struct StatusCountBody {
    status: Status,
    count: u64,
}

/// How many tickets have a priority.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriorityCount, example = json!({"priority": "medium", "count": 3}))]
struct PriorityCountBody {
    priority: Priority,
    count: u64,
}

/// How many tickets are in a category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryCount, example = json!({"category": "billing", "count": 3}))]
struct CategoryCountBody {
    category: String,
    count: u64,
}

/// How many tickets a person has; `null` is nobody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssigneeCount, example = json!({"assignee": null, "count": 3}))]
struct AssigneeCountBody {
    #[schema(nullable)]
    assignee: Option<PersonBody>,
    count: u64,
}

/// What happened on one day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Day, example = json!({"day": "2026-01-31", "created": 3, "resolved": 1}))]
struct DayBody {
    /// The day, in UTC.
    day: NaiveDate,
    created: u64,
    resolved: u64,
}

impl From<TicketStats> for StatsBody {
    fn from(s: TicketStats) -> Self {
        Self {
            total: s.total,
            by_status: s
                .by_status
                .into_iter()
                .map(|(status, count)| StatusCountBody { status: status.into(), count })
                .collect(),
            by_priority: s
                .by_priority
                .into_iter()
                .map(|(priority, count)| PriorityCountBody { priority: priority.into(), count })
                .collect(),
            by_category: s
                .by_category
                .into_iter()
                .map(|(category, count)| CategoryCountBody { category: category.into(), count })
                .collect(),
            by_assignee: s
                .by_assignee
                .into_iter()
                .map(|a| AssigneeCountBody {
                    assignee: a.assignee.map(PersonBody::from),
                    count: a.count,
                })
                .collect(),
            per_day: s
                .per_day
                .into_iter()
                .map(|d| DayBody { day: d.day, created: d.created, resolved: d.resolved })
                .collect(),
            median_first_response_s: s.median_first_response_s,
            median_resolution_s: s.median_resolution_s,
        }
    }
}
