//! How far a ticket is, and which ways lead from one status to another.

use serde::{Deserialize, Serialize};

/// How far a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has it yet.
    New,
    /// Someone has it.
    Open,
    /// Someone works on it.
    InProgress,
    /// It waits for the requester or a third party.
    Pending,
    /// It is thought to be solved.
    Resolved,
    /// It is done.
    Closed,
    /// It was withdrawn.
    Cancelled,
}

impl Status {
    /// All statuses, in the order of a ticket's life.
    pub const ALL: [Status; 7] = [
        Status::New,
        Status::Open,
        Status::InProgress,
        Status::Pending,
        Status::Resolved,
        Status::Closed,
        Status::Cancelled,
    ];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more is expected to happen: `closed` or `cancelled`.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }

    /// Whether work is over: `resolved`, `closed` or `cancelled`.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed | Self::Cancelled)
    }

    /// Whether a ticket may go from this status to `next`. A final status leads only to `open`;
    /// staying is no move and always allowed.
    #[must_use]
    pub fn may_become(self, next: Status) -> bool {
        self == next || !self.is_final() || next == Status::Open
    }

    /// Whether the requester, without being staff, may make this move: close it, or reopen it.
    #[must_use]
    pub fn requester_may_make(self, next: Status) -> bool {
        self == next || next == Status::Closed || (self.is_done() && next == Status::Open)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(s: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == s).ok_or(UnknownStatus)
    }
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The status is one of new, open, in_progress, pending, resolved, closed, cancelled.")]
pub struct UnknownStatus;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_status() -> impl Strategy<Value = Status> {
        prop::sample::select(Status::ALL.to_vec())
    }

    proptest! {
        /// However a ticket wanders, it leaves a final status only by being reopened.
        #[test]
        fn final_statuses_lead_only_to_open(wishes in prop::collection::vec(any_status(), 1..40)) {
            let mut at = Status::New;
            for next in wishes {
                if at.may_become(next) {
                    prop_assert!(!at.is_final() || next == at || next == Status::Open);
                    at = next;
                } else {
                    prop_assert!(at.is_final());
                }
            }
        }
    }

    #[test]
    fn the_requester_closes_and_reopens_and_nothing_else() {
        let allowed: Vec<_> = Status::ALL
            .iter()
            .flat_map(|&from| Status::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from != to && from.requester_may_make(*to))
            .filter(|(_, to)| *to != Status::Closed)
            .collect();
        assert_eq!(
            allowed,
            [
                (Status::Resolved, Status::Open),
                (Status::Closed, Status::Open),
                (Status::Cancelled, Status::Open)
            ]
        );
    }
}
