//! Statistics over tickets.

use chrono::NaiveDate;

use crate::{
    category::Slug,
    ticket::{Priority, Status},
    user::UserSummary,
};

/// Counts and medians over the tickets that a caller may see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TicketStats {
    /// All of them.
    pub total: u64,
    /// How many are in each status; statuses without tickets are left out.
    pub by_status: Vec<(Status, u64)>,
    /// How many have each priority.
    pub by_priority: Vec<(Priority, u64)>,
    /// How many are in each category, most first.
    pub by_category: Vec<(Slug, u64)>,
    /// How many each person has, most first; `None` is nobody.
    pub by_assignee: Vec<AssigneeCount>,
    /// Made and resolved on each day (UTC) that had either, oldest first.
    pub per_day: Vec<DayCount>,
    /// Median seconds from creation to the first public comment by staff.
    pub median_first_response_s: Option<i64>,
    /// Median seconds from creation to resolution.
    pub median_resolution_s: Option<i64>,
}

/// How many tickets a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssigneeCount {
    /// The person; `None` for tickets of nobody.
    pub assignee: Option<UserSummary>,
    /// How many.
    pub count: u64,
}

/// What happened on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// How many tickets were made.
    pub created: u64,
    /// How many were resolved.
    pub resolved: u64,
}
