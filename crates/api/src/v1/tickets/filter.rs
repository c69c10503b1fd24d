//! The filters that the list and the statistics share.

use std::str::FromStr;

use atc_core::{
    category::Slug,
    id::{TeamId, UserId},
    ticket::{AssigneeFilter, TicketFilter},
};
use chrono::{DateTime, Utc};
use utoipa::IntoParams;

use crate::{
    extract::{FromParams, Params},
    wire::{Priority, Source, Status},
};

/// The most values of one filter.
const MAX_VALUES: usize = 100;
/// The most characters of a search.
const MAX_QUERY_CHARS: usize = 1_000;

/// Which tickets. Values of one filter are alternatives; filters narrow each other.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FilterParams {
    /// Any of these statuses; may repeat.
    #[param(required = false)]
    status: Vec<Status>,
    /// Any of these priorities; may repeat.
    #[param(required = false)]
    priority: Vec<Priority>,
    /// Any of these categories; may repeat.
    #[param(required = false, value_type = Vec<String>, example = json!(["billing"]))]
    category: Vec<Slug>,
    /// Assigned to any of these people, to `me`, or to `none`; may repeat.
    #[param(required = false, value_type = Vec<String>, example = json!(["me"]))]
    assignee_id: Vec<AssigneeParam>,
    /// Requested by any of these people; may repeat.
    #[param(required = false, value_type = Vec<uuid::Uuid>)]
    requester_id: Vec<UserId>,
    /// Of any of these teams; may repeat.
    #[param(required = false, value_type = Vec<uuid::Uuid>)]
    team_id: Vec<TeamId>,
    /// With this tag.
    #[param(nullable = false)]
    tag: Option<String>,
    /// Through this door.
    #[param(nullable = false)]
    source: Option<Source>,
    /// Marked for review, or not.
    #[param(nullable = false)]
    needs_review: Option<bool>,
    /// Made at or after this time.
    #[param(nullable = false)]
    created_after: Option<DateTime<Utc>>,
    /// Made before this time.
    #[param(nullable = false)]
    created_before: Option<DateTime<Utc>>,
    /// Changed at or after this time.
    #[param(nullable = false)]
    updated_after: Option<DateTime<Utc>>,
    /// Words that all stand in title, description or comments.
    #[param(nullable = false, max_length = 1000)]
    q: Option<String>,
}

/// Whose tickets, as a client says it.
#[derive(Debug, Clone, Copy)]
pub(super) enum AssigneeParam {
    Nobody,
    Me,
    Person(UserId),
}

impl FromStr for AssigneeParam {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::Nobody),
            "me" => Ok(Self::Me),
            id => id.parse().map(Self::Person).map_err(|_| "This is a person's id, me or none."),
        }
    }
}

impl FromParams for FilterParams {
    fn from_params(params: &mut Params) -> Self {
        let read = Self {
            status: params.all("status"),
            priority: params.all("priority"),
            category: params.all_with("category", Slug::parse),
            assignee_id: params.all("assignee_id"),
            requester_id: params.all("requester_id"),
            team_id: params.all("team_id"),
            tag: params.one("tag"),
            source: params.one("source"),
            needs_review: params.one("needs_review"),
            created_after: params.time("created_after"),
            created_before: params.time("created_before"),
            updated_after: params.time("updated_after"),
            q: params.one("q"),
        };
        let counts = [
            ("category", read.category.len()),
            ("assignee_id", read.assignee_id.len()),
            ("requester_id", read.requester_id.len()),
            ("team_id", read.team_id.len()),
            ("status", read.status.len()),
            ("priority", read.priority.len()),
        ];
        for (name, _) in counts.into_iter().filter(|(_, count)| *count > MAX_VALUES) {
            params.fault(name, format!("At most {MAX_VALUES} values are allowed."));
        }
        if read.q.as_ref().is_some_and(|q| q.chars().count() > MAX_QUERY_CHARS) {
            params.fault("q", format!("At most {MAX_QUERY_CHARS} characters are searched for."));
        }
        read
    }
}

impl FilterParams {
    /// Whether words are searched for.
    pub fn has_query(&self) -> bool {
        self.q.as_ref().is_some_and(|q| !q.trim().is_empty())
    }

    /// The filter, where `me` is this person.
    pub fn for_caller(self, me: UserId) -> TicketFilter {
        let query = if self.has_query() { self.q } else { None };
        TicketFilter {
            status: self.status.into_iter().map(Into::into).collect(),
            priority: self.priority.into_iter().map(Into::into).collect(),
            category: self.category,
            assignee: self
                .assignee_id
                .into_iter()
                .map(|assignee| match assignee {
                    AssigneeParam::Nobody => AssigneeFilter::Nobody,
                    AssigneeParam::Me => AssigneeFilter::Person(me),
                    AssigneeParam::Person(id) => AssigneeFilter::Person(id),
                })
                .collect(),
            requester_id: self.requester_id,
            team_id: self.team_id,
            tag: self.tag,
            source: self.source.map(Into::into),
            needs_review: self.needs_review,
            created_after: self.created_after,
            created_before: self.created_before,
            updated_after: self.updated_after,
            query,
        }
    }
}
