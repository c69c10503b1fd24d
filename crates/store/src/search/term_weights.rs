//! How much a word says: the rarer it is among our texts, the more.

use std::collections::HashMap;

use super::{TermSet, term_key};

/// In how many of the latest texts each term occurs. A few thousand texts tell common words from
/// rare ones as well as all texts do.
#[derive(Debug, Default)]
pub(crate) struct TermWeights {
    texts: u32,
    counts: HashMap<u32, u32>,
    /// The highest number of a text when these were counted.
    last: i64,
}

/// The most latest texts that are counted.
pub(crate) const MAX_TEXTS: u64 = 4_000;
/// How many texts a search for any of some words may meet before rarer words must do.
const MAX_MATCHES: f64 = 500.0;
/// The most words that such a search has.
const MAX_TELLING: usize = 64;

impl TermWeights {
    pub fn add(&mut self, terms: &TermSet) {
        self.texts += 1;
        for key in terms.keys() {
            *self.counts.entry(key).or_default() += 1;
        }
    }

    /// Ends the counting. Words of a single text, most of all words, need no memory.
    pub fn counted(mut self, last: i64) -> Self {
        self.counts.retain(|_, count| *count > 1);
        self.counts.shrink_to_fit();
        Self { last, ..self }
    }

    /// How many texts were counted.
    pub const fn texts(&self) -> u32 {
        self.texts
    }

    /// Whether so many texts came since that the counts may tell something else.
    pub fn outdated(&self, last: i64) -> bool {
        last > self.last + self.last / 4
    }

    /// About how many of all texts have all of these words, each by any of its terms; `None` before anything was
    /// counted.
    pub fn expected(&self, words: &[Vec<String>]) -> Option<f64> {
        if self.texts == 0 {
            return None;
        }
        let share = |terms: &Vec<String>| -> f64 {
            let count: f64 = terms.iter().map(|term| self.count(term_key(term))).sum();
            (count / f64::from(self.texts)).min(1.0)
        };
        // Numbers of texts are far below 2^52.
        #[expect(clippy::cast_precision_loss)]
        let all = self.last as f64;
        Some(all * words.iter().map(share).product::<f64>())
    }

    fn count(&self, key: u32) -> f64 {
        f64::from(self.counts.get(&key).copied().unwrap_or(1))
    }

    /// The inverse document frequency, never negative.
    pub fn rarity(&self, key: u32) -> f64 {
        ((f64::from(self.texts) + 0.5) / (self.count(key) + 0.5)).ln_1p()
    }

    /// The words of a question by which texts are looked for that have any of them: the rarest, half
    /// of the places for those of the title, as many as a database goes through quickly.
    pub fn telling(&self, title: &[String], body: &[String]) -> Vec<String> {
        let mut chosen: Vec<String> = Vec::new();
        let mut matches = 0.0;
        for (field, places) in [(title, MAX_TELLING / 2), (body, MAX_TELLING)] {
            for (expected, term) in self.rarest_first(field) {
                if chosen.len() >= places || matches + expected > MAX_MATCHES {
                    break;
                }
                if !chosen.contains(term) {
                    matches += expected;
                    chosen.push(term.clone());
                }
            }
        }
        if chosen.is_empty() {
            // Better a common word than none.
            let rarest =
                [title, body].into_iter().find_map(|f| self.rarest_first(f).into_iter().next());
            chosen.extend(rarest.map(|(_, term)| term.clone()));
        }
        chosen
    }

    /// The terms with the number of texts that are expected to have them.
    fn rarest_first<'a>(&self, terms: &'a [String]) -> Vec<(f64, &'a String)> {
        let share = self.scale() / f64::from(self.texts.max(1));
        let mut terms: Vec<_> =
            terms.iter().map(|t| (self.count(term_key(t)) * share, t)).collect();
        terms.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        terms
    }

    /// How many texts there are, as far as their numbers tell.
    fn scale(&self) -> f64 {
        f64::from(u32::try_from(self.last).unwrap_or(u32::MAX)).max(f64::from(self.texts))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::terms, *};

    #[test]
    fn a_search_for_any_word_leaves_common_ones_out() {
        let mut weights = TermWeights::default();
        for n in 0..1_000 {
            let rare = if n % 100 == 0 { "toner" } else { "" };
            weights.add(&TermSet::new(&[], &terms(&format!("printer {rare}"))));
        }
        let weights = weights.counted(20_000);
        let telling = |title: &str, body: &str| weights.telling(&terms(title), &terms(body));
        assert_eq!(telling("printer", "toner"), ["toner"]);
        assert_eq!(telling("printer", ""), ["printer"], "better a common word than none");
        assert_eq!(telling("toner printer", "unheard"), ["toner", "unheard"]);
        assert_eq!(telling("", ""), [] as [&str; 0]);
        assert!(weights.outdated(30_000) && !weights.outdated(22_000));
    }
}
