//! Tickets: the rows, their lists, their audit trail, and what triage learns from them.

mod audit;
mod index;
mod labels;
mod list;
mod read;
mod stats;
mod write;

use std::sync::Arc;

use atc_core::{
    category::Slug,
    id::{TeamId, TicketId, TicketNumber, UserId},
    json::RawJson,
    patch::Patch,
    text::{Description, ExternalId, Tag, Title},
    ticket::{Priority, Source, Status},
};
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DatabaseTransaction};

pub use audit::{AuditPosition, NewAuditEntry};
pub use index::UnindexedTicket;
pub use labels::{LabelFingerprint, LabelsByPerson};

use crate::{Engine, Store, Tx, search::TermWeights};

/// Tickets, seen through a connection or a transaction.
pub struct Tickets<'a, C> {
    db: &'a C,
    engine: Engine,
    /// How much each word says, where that is known.
    weights: Option<Arc<TermWeights>>,
}

impl Store {
    /// Tickets.
    #[must_use]
    pub fn tickets(&self) -> Tickets<'_, DatabaseConnection> {
        let weights = Some(self.search.tickets.weights());
        Tickets { db: self.reader(), engine: self.engine(), weights }
    }
}

impl Tx {
    /// Tickets.
    #[must_use]
    pub fn tickets(&self) -> Tickets<'_, DatabaseTransaction> {
        Tickets { db: &self.inner, engine: self.engine, weights: None }
    }
}

/// A ticket to be written down.
#[derive(Debug, Clone)]
pub struct NewTicketRow {
    /// Its identity.
    pub id: TicketId,
    /// One line that says what it is about.
    pub title: Title,
    /// The whole story.
    pub description: Description,
    /// How far it is.
    pub status: Status,
    /// How pressing it is.
    pub priority: Priority,
    /// Whether a person said so.
    pub priority_by_person: bool,
    /// What kind of thing it is.
    pub category: Slug,
    /// Whether a person said so.
    pub category_by_person: bool,
    /// Words that group it with others.
    pub tags: Vec<Tag>,
    /// Which door it came through.
    pub source: Source,
    /// Who asked for it.
    pub requester_id: UserId,
    /// Who works on it.
    pub assignee_id: Option<UserId>,
    /// Which team it belongs to.
    pub team_id: Option<TeamId>,
    /// What clients keep with it.
    pub metadata: RawJson,
    /// What the machine thought of it.
    pub triage: Option<StoredTriage>,
    /// Its identity in another system.
    pub external_id: Option<ExternalId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When this is written; differs from `created_at` for imports.
    pub updated_at: DateTime<Utc>,
}

/// A triage as it is kept: once as staff see it, once as the requester sees it.
#[derive(Debug, Clone)]
pub struct StoredTriage {
    /// [`atc_core::triage::Triage`] as JSON, with everything.
    pub full: String,
    /// The same without what the requester may not see.
    pub public: String,
    /// Whether a person should look.
    pub needs_review: bool,
    /// The tickets that it names as possible duplicates.
    pub mentions: Vec<TicketNumber>,
}

/// What changes about a ticket. Everything that is not mentioned stays.
#[derive(Debug, Clone, Default)]
pub struct TicketChange {
    /// A new title.
    pub title: Option<Title>,
    /// A new description.
    pub description: Option<Description>,
    /// A new status.
    pub status: Option<Status>,
    /// When it was resolved.
    pub resolved_at: Patch<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Patch<DateTime<Utc>>,
    /// Seconds from creation to resolution.
    pub resolution_s: Patch<i64>,
    /// Seconds from creation to the first public answer by staff.
    pub first_response_s: Option<i64>,
    /// A new priority, and whether a person said so.
    pub priority: Option<(Priority, bool)>,
    /// A new category, and whether a person said so.
    pub category: Option<(Slug, bool)>,
    /// New tags.
    pub tags: Option<Vec<Tag>>,
    /// New metadata.
    pub metadata: Option<RawJson>,
    /// Another person, or nobody.
    pub assignee_id: Patch<UserId>,
    /// Another team, or none.
    pub team_id: Patch<TeamId>,
    /// A new triage.
    pub triage: Option<StoredTriage>,
    /// Whether a person should still look, where only that changes.
    pub needs_review: Option<bool>,
    /// Whether something was read in a file of it, or such a file was taken away.
    pub files: bool,
    /// How many comments are added (or taken away): all, and public ones.
    pub comments: Option<(i32, i32)>,
}
