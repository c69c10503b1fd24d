//! What someone types into a search box, as a condition of either engine.

use std::{collections::HashSet, sync::LazyLock};

use atc_core::caller::Visibility;
use sea_orm::sea_query::SimpleExpr;

use super::terms;
use crate::{Engine, db::dialect};

/// Words that say nothing about what is looked for.
const STOP_WORDS: &str = "a an and any are as at be but by can do does for from get has have how i \
    if in is it me my no not of on or our please so that the there this to was we what when where \
    which who why will with you your";

static STOP_TERMS: LazyLock<HashSet<String>> =
    LazyLock::new(|| terms(STOP_WORDS).into_iter().collect());

/// The most words of a query; the rest is not looked at.
const MAX_TERMS: usize = 32;

/// The words that all must be there.
pub(crate) struct TextQuery {
    terms: Vec<String>,
}

impl TextQuery {
    pub fn parse(text: &str) -> Self {
        let mut terms = telling_terms(text);
        let mut seen = HashSet::new();
        terms.retain(|t| seen.insert(t.clone()));
        terms.truncate(MAX_TERMS);
        Self { terms }
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn terms(&self) -> &[String] {
        &self.terms
    }
}

/// How far a search reaches into a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Its title.
    Title,
    /// Its title and description.
    Text,
    /// These and its public comments.
    Comments,
    /// These and its internal notes.
    Everywhere,
}

impl Reach {
    /// How far a search reaches for someone who sees this much.
    pub const fn farthest(visibility: Visibility) -> Self {
        if visibility.sees_internal() { Self::Everywhere } else { Self::Comments }
    }

    /// All reaches up to the farthest.
    pub const fn nearest_first(visibility: Visibility) -> [Self; 3] {
        [Self::Title, Self::Text, Self::farthest(visibility)]
    }

    /// Higher is nearer; part of a cursor.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Title => 2,
            Self::Text => 1,
            Self::Comments | Self::Everywhere => 0,
        }
    }
}

/// Which texts are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// Those of `tickets t`.
    Tickets(Reach),
    /// Those of `articles k`.
    Articles,
}

/// How many of the words must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Every one.
    All,
    /// One at least.
    Any,
}

/// `tickets t` has all the words within reach.
pub(crate) fn text_condition(engine: Engine, query: &TextQuery, reach: Reach) -> SimpleExpr {
    dialect::text_match(engine, query.terms(), Within::Tickets(reach), Need::All)
}

/// The terms that say something, unless none does.
pub(crate) fn telling_terms(text: &str) -> Vec<String> {
    let all = terms(text);
    let telling: Vec<_> = all.iter().filter(|t| !STOP_TERMS.contains(*t)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_passed_over_unless_nothing_is_left() {
        assert_eq!(TextQuery::parse("How do I reset my password?").terms(), ["reset", "password"]);
        assert_eq!(TextQuery::parse("to be or not to be").terms(), ["to", "be", "or", "not"]);
        assert!(TextQuery::parse("?!").is_empty());
    }
}
