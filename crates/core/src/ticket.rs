//! Tickets: what one is, which values its fields take, and what may be asked of it.

mod audit;
mod change;
mod filter;
mod priority;
mod source;
mod stats;
mod status;

pub use audit::{AuditChange, AuditEntry, AuditKind, AuditValue};
pub use change::{ImportedTicket, NewTicket, TicketContext, TicketFromText, TicketPatch};
pub use filter::{AssigneeFilter, TicketFilter, TicketPosition, TicketSort};
pub use priority::{Priority, UnknownPriority};
pub use source::{Source, UnknownSource};
pub use stats::{AssigneeCount, DayCount, TicketStats};
pub use status::{Status, UnknownStatus};

use chrono::{DateTime, Utc};

use crate::{
    category::Slug,
    file::Attachment,
    id::{TeamId, TicketId, TicketNumber},
    json::RawJson,
    text::{Description, Tag, Title},
    user::UserSummary,
};

/// The most tags that a ticket or an article has.
pub const MAX_TAGS: usize = 20;
/// The most bytes of a ticket's `metadata`, as JSON.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;

/// A ticket as one caller sees it: what is hidden from that caller is not in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Its identity.
    pub id: TicketId,
    /// Its number, as people say it.
    pub number: TicketNumber,
    /// One line that says what it is about.
    pub title: Title,
    /// The whole story.
    pub description: Description,
    /// How far it is.
    pub status: Status,
    /// How pressing it is.
    pub priority: Priority,
    /// What kind of thing it is.
    pub category: Slug,
    /// Words that group it with others.
    pub tags: Vec<Tag>,
    /// Which door it came through.
    pub source: Source,
    /// Who asked for it.
    pub requester: UserSummary,
    /// Who works on it.
    pub assignee: Option<UserSummary>,
    /// Which team it belongs to.
    pub team: Option<TeamSummary>,
    /// What clients and integrations keep with it: a JSON object.
    pub metadata: RawJson,
    /// What the machine thought of it: [`crate::triage::Triage`] as JSON.
    pub triage: Option<RawJson>,
    /// The files that are evidence of it, as far as the caller may see them.
    pub attachments: Vec<Attachment>,
    /// How many comments the caller may see.
    pub comment_count: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed, comments included.
    pub updated_at: DateTime<Utc>,
    /// When it last became `resolved` (or `closed` without that), unless it was reopened since.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it last became `closed` or `cancelled`, unless it was reopened since.
    pub closed_at: Option<DateTime<Utc>>,
    /// Counts every change, for `ETag` and `If-Match`.
    pub version: i64,
}

/// A team as shown inside a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamSummary {
    /// Identity of the team.
    pub id: TeamId,
    /// Its name.
    pub name: String,
}
