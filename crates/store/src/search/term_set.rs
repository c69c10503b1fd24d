//! The words of a text as numbers: small enough to be fetched with every candidate of a search, and
//! the same on both engines.

use std::{cmp::Ordering, collections::BTreeMap};

use super::TermWeights;

/// The most different terms that are kept of a text.
const MAX_TERMS: usize = 1_000;
/// How much more a word of the title says than one of the body.
const TITLE_WEIGHT: f64 = 2.0;

/// Which terms a text has, each once: 31 bits of its hash, then whether the title has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TermSet(Vec<u32>);

/// The number that stands for a term (FNV-1a without its last bit). It is stored, so it never
/// changes.
pub(crate) fn term_key(term: &str) -> u32 {
    let hash = term
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash >> 1
}

const fn key(packed: u32) -> u32 {
    packed >> 1
}

fn field_weight(packed: u32) -> f64 {
    if packed & 1 == 1 { TITLE_WEIGHT } else { 1.0 }
}

impl TermSet {
    pub fn new(title: &[String], body: &[String]) -> Self {
        let mut terms = BTreeMap::new();
        for (field, in_title) in [(title, 1), (body, 0)] {
            for term in field {
                if terms.len() < MAX_TERMS {
                    terms.entry(term_key(term)).or_insert(in_title);
                }
            }
        }
        Self(terms.into_iter().map(|(key, in_title)| key << 1 | in_title).collect())
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|packed| packed.to_le_bytes()).collect()
    }

    /// Reads the stored form; what is cut off or out of order finds nothing, and no more.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn keys(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|packed| key(*packed))
    }

    /// How alike two texts are by their words, 0 to 1: the cosine of the vectors that have, for each
    /// term, the rarity of the term times the weight of its field. How often a text says a word adds
    /// nothing that could be measured.
    pub fn likeness(&self, other: &Self, weights: &TermWeights) -> f64 {
        let shared: f64 = self
            .shared(other)
            .map(|(a, b)| field_weight(a) * field_weight(b) * weights.rarity(key(a)).powi(2))
            .sum();
        let lengths = self.length(weights) * other.length(weights);
        if lengths > 0.0 { (shared / lengths).min(1.0) } else { 0.0 }
    }

    /// How much of what the words of `question` say this text says as well, 0 to 1: 1 when all of
    /// them stand in the title, a half when all stand in the body.
    pub fn coverage(&self, question: &Self, weights: &TermWeights) -> f64 {
        let asked: f64 = question.keys().map(|k| weights.rarity(k).powi(2)).sum();
        let said: f64 = self
            .shared(question)
            .map(|(a, _)| field_weight(a) * weights.rarity(key(a)).powi(2))
            .sum();
        if asked > 0.0 { said / (TITLE_WEIGHT * asked) } else { 0.0 }
    }

    fn length(&self, weights: &TermWeights) -> f64 {
        let squares = self.0.iter().map(|p| (field_weight(*p) * weights.rarity(key(*p))).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// The terms that both have, as each has packed them.
    fn shared<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (u32, u32)> {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        std::iter::from_fn(move || {
            loop {
                let (a, b) = (**mine.peek()?, **theirs.peek()?);
                match key(a).cmp(&key(b)) {
                    Ordering::Less => _ = mine.next(),
                    Ordering::Greater => _ = theirs.next(),
                    Ordering::Equal => {
                        _ = mine.next();
                        _ = theirs.next();
                        return Some((a, b));
                    }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::terms, *};

    fn set(title: &str, body: &str) -> TermSet {
        TermSet::new(&terms(title), &terms(body))
    }

    #[test]
    fn the_stored_form_stays_readable() {
        // Changing these numbers means writing the terms of every stored text anew.
        assert_eq!((term_key(""), term_key("printer")), (0x408e_4ee2, 0x136b_b3ff));
        let terms = set("Printer on fire", "the printer burns");
        assert_eq!(TermSet::from_bytes(&terms.to_bytes()), terms);
        assert_eq!(terms.len(), 5);
    }

    #[test]
    fn words_of_the_title_and_rare_words_say_more() {
        let mut weights = TermWeights::default();
        for n in 0..100 {
            let text = if n % 10 == 0 { "printer toner" } else { "printer" };
            weights.add(&set("", text));
        }
        let question = set("", "printer toner");
        let coverage = |text: &TermSet| text.coverage(&question, &weights);
        assert!((coverage(&set("toner printer", "")) - 1.0).abs() < 1e-9);
        assert!((coverage(&set("", "toner printer")) - 0.5).abs() < 1e-9);
        assert!(coverage(&set("", "toner")) > coverage(&set("", "printer")));
        let same = set("printer", "toner");
        assert!((same.likeness(&same, &weights) - 1.0).abs() < 1e-9);
        let like = |text| question.likeness(&set("", text), &weights);
        assert!(like("toner") > like("printer"));
        assert!(like("nothing of it").abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn foreign_bytes_and_empty_texts_do_no_harm(
            a in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()
        ) {
            let weights = TermWeights::default();
            let (foreign, own) = (TermSet::from_bytes(&a), set(&text, &text));
            for score in [foreign.likeness(&own, &weights), own.coverage(&foreign, &weights)] {
                prop_assert!((0.0..=1.0).contains(&score));
            }
        }
    }
}
