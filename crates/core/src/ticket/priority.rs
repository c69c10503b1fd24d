//! How pressing a ticket is.

use serde::{Deserialize, Serialize};

/// How pressing a ticket is, from least to most.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// When there is time.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// Soon: someone cannot work.
    High,
    /// Now: an outage, a loss of data or money, a breach.
    Critical,
}

impl Priority {
    /// All priorities, from least to most.
    pub const ALL: [Priority; 4] =
        [Priority::Low, Priority::Medium, Priority::High, Priority::Critical];

    /// The word used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The number used in the database, 0 to 3, so that sorting follows urgency.
    #[must_use]
    pub const fn rank(self) -> i16 {
        self as i16
    }

    /// The priority of a [`Priority::rank`].
    #[must_use]
    pub fn from_rank(rank: i16) -> Option<Self> {
        usize::try_from(rank).ok().and_then(|i| Self::ALL.get(i)).copied()
    }
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Priority {
    type Err = UnknownPriority;
    fn from_str(s: &str) -> Result<Self, UnknownPriority> {
        Self::ALL.into_iter().find(|p| p.as_str() == s).ok_or(UnknownPriority)
    }
}

/// The text names no priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The priority is one of low, medium, high, critical.")]
pub struct UnknownPriority;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_and_word_come_back() {
        for p in Priority::ALL {
            assert_eq!(Priority::from_rank(p.rank()), Some(p));
            assert_eq!(p.as_str().parse(), Ok(p));
        }
        assert_eq!(Priority::from_rank(4), None);
        assert_eq!(Priority::from_rank(-1), None);
    }
}
