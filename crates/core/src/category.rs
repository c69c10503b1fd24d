//! Categories: what kinds of tickets there are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::TeamId,
    patch::Patch,
    text::{CategoryDescription, Example, Name},
    ticket::Priority,
};

/// The most examples that a category has.
pub const MAX_EXAMPLES: usize = 100;

/// The short name of a category: 1 to 64 of `a-z`, `0-9`, `_` and `-`, beginning with one of the
/// first two.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// The text is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A slug has 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or a digit.")]
pub struct NotASlug;

impl Slug {
    /// Takes a text if it is a slug.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: impl Into<String>) -> Result<Self, NotASlug> {
        let text = text.into();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = (1..=64).contains(&text.len())
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|b| plain(b) || b == b'_' || b == b'-');
        if valid { Ok(Self(text)) } else { Err(NotASlug) }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;
    fn try_from(text: String) -> Result<Self, NotASlug> {
        Self::parse(text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> String {
        slug.0
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A kind of ticket. Name, description and examples are what triage reads to recognise one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its short name.
    pub slug: Slug,
    /// Its name for people.
    pub name: Name,
    /// What belongs in it.
    pub description: CategoryDescription,
    /// Sentences that belong in it.
    pub examples: Vec<Example>,
    /// The team that its tickets are routed to.
    pub team_id: Option<TeamId>,
    /// What its tickets mostly are; a prior for triage.
    pub default_priority: Option<Priority>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts every change, for `ETag`.
    pub version: i64,
}

/// A category to be made.
#[derive(Debug, Clone)]
pub struct NewCategory {
    /// Its short name; unique.
    pub slug: Slug,
    /// Its name for people.
    pub name: Name,
    /// What belongs in it.
    pub description: CategoryDescription,
    /// Sentences that belong in it; at most [`MAX_EXAMPLES`].
    pub examples: Vec<Example>,
    /// The team that its tickets are routed to.
    pub team_id: Option<TeamId>,
    /// What its tickets mostly are.
    pub default_priority: Option<Priority>,
}

/// A change to a category: only what is mentioned changes.
#[derive(Debug, Clone, Default)]
pub struct CategoryPatch {
    /// A new short name; tickets follow.
    pub slug: Option<Slug>,
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<CategoryDescription>,
    /// New examples, in place of all old ones.
    pub examples: Option<Vec<Example>>,
    /// Another team, or none.
    pub team_id: Patch<TeamId>,
    /// Another prior, or none.
    pub default_priority: Patch<Priority>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for good in ["bug", "user_access", "a-1", "0", &"a".repeat(64)] {
            assert!(Slug::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "_a", "-a", "A", "a b", "ä", "a/b", &"a".repeat(65)] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
    }
}
