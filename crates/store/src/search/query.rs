//! What someone types into a search box, as a condition of either engine.

use std::{collections::HashSet, sync::LazyLock};

use atc_core::caller::Visibility;
use sea_orm::sea_query::SimpleExpr;

use super::{terms, words};
use crate::{Engine, db::full_text};

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
    /// Each word, and all terms by which a text may have it.
    words: Vec<(String, Vec<String>)>,
}

impl TextQuery {
    pub fn parse(text: &str) -> Self {
        let telling: HashSet<String> = telling_terms(text).into_iter().collect();
        let mut seen = HashSet::new();
        let words = words(text)
            .into_iter()
            .filter(|word| telling.contains(&word.term) && seen.insert(word.term.clone()))
            .take(MAX_TERMS)
            .map(|word| (word.term.clone(), word.in_any_language()))
            .collect();
        Self { words }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// For each word the terms of which one must be there.
    pub fn alternatives(&self) -> Vec<Vec<String>> {
        self.words.iter().map(|(_, any)| any.clone()).collect()
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
    /// Those of `tickets t`, this far, and not already within a nearer reach.
    Tickets { reach: Reach, beyond: Option<Reach> },
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

/// `tickets t` has all the words within reach, and has not all of them within a nearer one.
pub(crate) fn text_condition(
    engine: Engine,
    query: &TextQuery,
    reach: Reach,
    beyond: Option<Reach>,
) -> SimpleExpr {
    let within = Within::Tickets { reach, beyond };
    full_text::text_match(engine, &query.alternatives(), within, Need::All)
}

/// Terms as words that have no other.
pub(crate) fn alone(terms: Vec<String>) -> Vec<Vec<String>> {
    terms.into_iter().map(|term| vec![term]).collect()
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
        let words = |text| -> Vec<String> {
            TextQuery::parse(text).words.into_iter().map(|(word, _)| word).collect()
        };
        assert_eq!(words("How do I reset my password?"), ["reset", "password"]);
        assert_eq!(words("to be or not to be"), ["to", "be", "or", "not"]);
        assert!(TextQuery::parse("?!").is_empty());
    }
}
