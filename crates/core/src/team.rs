//! Teams: groups of people that tickets are routed to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{TeamId, UserId},
    text::Name,
};

/// The most members of a team.
pub const MAX_MEMBERS: usize = 500;

/// How a team shares its tickets among its active members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// In turn.
    #[default]
    RoundRobin,
    /// To whoever has the fewest tickets that are not done; ties in the order of the members.
    LeastLoaded,
}

impl Strategy {
    /// All strategies.
    pub const ALL: [Strategy; 2] = [Strategy::RoundRobin, Strategy::LeastLoaded];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::LeastLoaded => "least_loaded",
        }
    }
}

impl std::str::FromStr for Strategy {
    type Err = UnknownStrategy;
    fn from_str(s: &str) -> Result<Self, UnknownStrategy> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == s).ok_or(UnknownStrategy)
    }
}

/// The text names no strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The strategy is one of round_robin, least_loaded.")]
pub struct UnknownStrategy;

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its identity.
    pub id: TeamId,
    /// Its name; unique.
    pub name: Name,
    /// Its members, in the order in which they take turns.
    pub member_ids: Vec<UserId>,
    /// How it shares tickets.
    pub strategy: Strategy,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts every change, for `ETag`.
    pub version: i64,
}

/// A team to be made.
#[derive(Debug, Clone)]
pub struct NewTeam {
    /// Its name; unique.
    pub name: Name,
    /// Its members: staff only, each once, at most [`MAX_MEMBERS`].
    pub member_ids: Vec<UserId>,
    /// How it shares tickets.
    pub strategy: Strategy,
}

/// A change to a team: only what is mentioned changes.
#[derive(Debug, Clone, Default)]
pub struct TeamPatch {
    /// A new name.
    pub name: Option<Name>,
    /// New members, in place of all old ones.
    pub member_ids: Option<Vec<UserId>>,
    /// Another way to share tickets.
    pub strategy: Option<Strategy>,
}
