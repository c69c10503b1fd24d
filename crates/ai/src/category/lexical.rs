//! Words that a text shares with the description of a category.

use std::collections::{HashMap, HashSet};

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

/// Words that stand in any text.
const STOP_WORDS: &str = "a an the of or and to for in on with my is are it be do you your i what how \
    who at by from not that this as we our us me can does did have has had no so if but when where \
    which why will would there please";

/// The most words of a text that are looked at.
const MAX_WORDS: usize = 2_000;

/// The words of a text by their stems, each with how often it stands there and as it was written.
pub(super) fn stems(text: &str) -> HashMap<String, (u32, &str)> {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut stems: HashMap<String, (u32, &str)> = HashMap::new();
    for word in text.unicode_words().take(MAX_WORDS) {
        let lower = word.to_lowercase();
        if lower.chars().count() > 40 || STOP_WORDS.split_whitespace().any(|stop| stop == lower) {
            continue;
        }
        stems.entry(stemmer.stem(&lower).into_owned()).or_insert((0, word)).0 += 1;
    }
    stems
}

/// Which categories a word speaks for.
#[derive(Debug, Default)]
pub(super) struct Index {
    categories: usize,
    by_stem: HashMap<String, Vec<usize>>,
}

impl Index {
    /// Reads the descriptions of all categories.
    pub fn of(descriptions: &[String]) -> Self {
        let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
        for (category, description) in descriptions.iter().enumerate() {
            let stems: HashSet<String> = stems(description).into_keys().collect();
            for stem in stems.into_iter().filter(|s| s.chars().any(char::is_alphabetic)) {
                by_stem.entry(stem).or_default().push(category);
            }
        }
        Self { categories: descriptions.len(), by_stem }
    }

    /// For every category the sum over the shared words: how often each stands in the text, damped,
    /// times how few categories it stands for.
    #[expect(clippy::cast_precision_loss, reason = "a number of categories")]
    pub fn scores(&self, stems: &HashMap<String, (u32, &str)>) -> Vec<f32> {
        let mut scores = vec![0.0; self.categories];
        let all = self.categories as f32;
        for (stem, (count, _)) in stems {
            let Some(categories) = self.by_stem.get(stem) else { continue };
            let rarity = (1.0 + all / categories.len() as f32).ln() / (1.0 + all).ln();
            for category in categories {
                scores[*category] += (1.0 + *count as f32).ln() * rarity;
            }
        }
        scores
    }

    /// Words of the text, as written, that speak for a category and for few others.
    pub fn shared<'t>(
        &self,
        stems: &HashMap<String, (u32, &'t str)>,
        category: usize,
    ) -> Vec<&'t str> {
        let mut shared: Vec<(usize, &str)> = stems
            .iter()
            .filter_map(|(stem, (_, word))| {
                let categories = self.by_stem.get(stem)?;
                categories.contains(&category).then_some((categories.len(), *word))
            })
            .filter(|(others, _)| *others <= self.categories.div_ceil(4).max(1))
            .collect();
        shared.sort_unstable();
        shared.into_iter().map(|(_, word)| word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_words_count_by_their_stem() {
        let index = Index::of(&[
            "Billing: invoices, charges and refunds".to_owned(),
            "Access: passwords, permissions".to_owned(),
        ]);
        let text = "My invoice shows a charge that I want refunded";
        let stems = stems(text);
        let scores = index.scores(&stems);
        assert!(scores[0] > 1.0 && scores[1] == 0.0, "{scores:?}");
        assert_eq!(index.shared(&stems, 0), ["charge", "invoice", "refunded"]);
    }
}
