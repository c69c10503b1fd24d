//! Which tickets a list shows, and in which order.

use chrono::{DateTime, Utc};

use crate::{
    category::Slug,
    id::{TeamId, TicketNumber, UserId},
    ticket::{Priority, Source, Status},
};

/// Which tickets a list shows. Values of one field are alternatives; fields narrow each other.
#[derive(Debug, Clone, Default)]
pub struct TicketFilter {
    /// Any of these statuses.
    pub status: Vec<Status>,
    /// Any of these priorities.
    pub priority: Vec<Priority>,
    /// Any of these categories.
    pub category: Vec<Slug>,
    /// Assigned to any of these.
    pub assignee: Vec<AssigneeFilter>,
    /// Requested by any of these.
    pub requester_id: Vec<UserId>,
    /// Of any of these teams.
    pub team_id: Vec<TeamId>,
    /// With this tag.
    pub tag: Option<String>,
    /// Through this door.
    pub source: Option<Source>,
    /// Marked for review, or not.
    pub needs_review: Option<bool>,
    /// Made at or after.
    pub created_after: Option<DateTime<Utc>>,
    /// Made before.
    pub created_before: Option<DateTime<Utc>>,
    /// Changed at or after.
    pub updated_after: Option<DateTime<Utc>>,
    /// Full text over title, description and comments.
    pub query: Option<String>,
}

/// Whose tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// Nobody's.
    Nobody,
    /// This person's.
    Person(UserId),
}

/// The order of a list. Ties are broken by number in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketSort {
    /// By the time it was made.
    CreatedAt {
        /// Newest first.
        descending: bool,
    },
    /// By the time it last changed.
    UpdatedAt {
        /// Latest first.
        descending: bool,
    },
    /// By urgency.
    Priority {
        /// Most urgent first.
        descending: bool,
    },
    /// By number.
    Number {
        /// Highest first.
        descending: bool,
    },
    /// Best match of the full text first, then newest; only with a query.
    Relevance,
}

impl TicketSort {
    /// The order named by a `sort` parameter such as `-created_at`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (descending, field) = match text.strip_prefix('-') {
            Some(field) => (true, field),
            None => (false, text),
        };
        match field {
            "created_at" => Some(Self::CreatedAt { descending }),
            "updated_at" => Some(Self::UpdatedAt { descending }),
            "priority" => Some(Self::Priority { descending }),
            "number" => Some(Self::Number { descending }),
            _ => None,
        }
    }
}

/// Where in a list of tickets a row stands: the value it is sorted by (milliseconds, a rank, or a
/// relevance), and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketPosition {
    /// The value of the sort key.
    pub key: i64,
    /// The tie-breaker.
    pub number: TicketNumber,
}
