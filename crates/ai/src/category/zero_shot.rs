//! What the categories say of themselves: a score that needs no labelled ticket.
//!
//! The text is compared with each category's description as a whole, and with its phrases and
//! examples one by one, of which the best counts, in several wordings: a short phrase is close to a
//! sentence about it only when it is worded like one.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::{
    description::{is_catch_all, parts, whole_text},
    lexical::{self, Index},
};
use atc_core::{
    category::{Category, Slug},
    ticket::Priority,
    vector::Vector,
};

/// How a phrase is worded. With many categories only the first is used: embedding them all would make
/// a change of a category slow.
const WORDINGS: [(&str, &str); 3] = [("", ""), ("problem with ", ""), ("request: ", "")];
const WORDINGS_UP_TO: usize = 40;
/// How much the best phrase counts beside the description as a whole.
const PHRASES: f32 = 0.75;
/// How much shared words count beside the cosine.
const LEXICAL: f32 = 0.05;
/// What a category for everything else scores at every text, by half: its description names nothing
/// that a text could be close to.
const CATCH_ALL_SCORE: f32 = 0.35;
/// The same where words alone decide: less than a single shared word.
const CATCH_ALL_WORDS_ALONE: f32 = 0.3;
/// From score to probability: the sharpness grows with the number of categories, and falls with the
/// length of the text, whose meaning is spread over more than one thing.
const SHARPNESS: (f64, f64) = (4.0, 3.2);
const LENGTH_DAMPING: f64 = 0.2;
/// The sharpness of shared words alone.
const LEXICAL_SHARPNESS: f64 = 2.5;

/// A text as the categories see it.
pub(crate) struct Reading<'t> {
    pub embedding: Option<&'t Vector>,
    stems: HashMap<String, (u32, &'t str)>,
    words: usize,
}

impl<'t> Reading<'t> {
    pub fn new(text: &'t str, embedding: Option<&'t Vector>) -> Self {
        Self { embedding, stems: lexical::stems(text), words: text.split_whitespace().count() }
    }
}

/// The live categories, read.
pub(crate) struct Categories {
    /// Of everything that was read of them.
    hash: u64,
    described: Vec<Described>,
    index: Index,
    /// Every text that was embedded, for the next time a single category changes.
    embedded: HashMap<String, Arc<Vector>>,
}

struct Described {
    slug: Slug,
    name: String,
    default_priority: Option<Priority>,
    text: String,
    /// Whether it is the one for everything else.
    catch_all: bool,
    whole: Option<Arc<Vector>>,
    /// Its phrases and examples, in each wording.
    wordings: Vec<Vec<Arc<Vector>>>,
}

impl Categories {
    /// Reads categories; texts that an earlier reading knows are not embedded again.
    pub fn read(
        live: &[Category],
        earlier: Option<&Self>,
        embed: impl Fn(&str) -> Option<Vector>,
    ) -> Self {
        let mut embedded = HashMap::new();
        let mut look_up = |text: String| -> Option<Arc<Vector>> {
            let known = earlier.and_then(|e| e.embedded.get(&text)).cloned();
            let vector = match known.or_else(|| embedded.get(&text).cloned()) {
                Some(vector) => vector,
                None => Arc::new(embed(&text)?),
            };
            embedded.insert(text, vector.clone());
            Some(vector)
        };
        let wordings = if live.len() <= WORDINGS_UP_TO { &WORDINGS[..] } else { &WORDINGS[..1] };
        let categories: Vec<Described> = live
            .iter()
            .map(|category| {
                let text = whole_text(category);
                let whole = look_up(text.clone());
                let (phrases, examples) = parts(category, live.len());
                let reword = |(before, after): &(&str, &str)| -> Vec<Arc<Vector>> {
                    // An example is a sentence already.
                    let worded = phrases.iter().map(|p| format!("{before}{p}{after}"));
                    worded.chain(examples.iter().cloned()).filter_map(&mut look_up).collect()
                };
                Described {
                    slug: category.slug.clone(),
                    name: category.name.as_str().to_owned(),
                    catch_all: is_catch_all(category),
                    default_priority: category.default_priority,
                    whole,
                    wordings: wordings.iter().map(reword).collect(),
                    text,
                }
            })
            .collect();
        let read_as: Vec<String> = categories.iter().map(|c| c.text.clone()).collect();
        let index = Index::of(&read_as);
        Self { hash: hash(live), described: categories, index, embedded }
    }

    /// Whether these categories are still as they were read.
    pub fn are(&self, live: &[Category]) -> bool {
        self.hash == hash(live)
    }

    pub fn len(&self) -> usize {
        self.described.len()
    }

    pub fn slug(&self, i: usize) -> &Slug {
        &self.described[i].slug
    }

    pub fn name(&self, i: usize) -> &str {
        &self.described[i].name
    }

    pub fn default_priority(&self, slug: &Slug) -> Option<Priority> {
        self.described.iter().find(|c| c.slug == *slug)?.default_priority
    }

    /// What a category says of itself, as one text and as its meaning.
    pub fn description(&self, i: usize) -> (&str, Option<&Vector>) {
        let category = &self.described[i];
        (&category.text, category.whole.as_deref())
    }

    /// The cosine of the text and a category's description.
    pub fn closeness(&self, reading: &Reading<'_>, i: usize) -> Option<f32> {
        Some(reading.embedding?.cosine(self.described[i].whole.as_deref()?))
    }

    /// Words of the text that stand in a category's description.
    pub fn shared_words<'t>(&self, reading: &Reading<'t>, i: usize) -> Vec<&'t str> {
        self.index.shared(&reading.stems, i)
    }

    /// A score for every category, comparable with one another for one text.
    pub fn scores(&self, reading: &Reading<'_>) -> Vec<f32> {
        let lexical = self.index.scores(&reading.stems);
        let Some(embedding) = reading.embedding else {
            let alone = |(c, score): (&Described, f32)| {
                score + if c.catch_all { CATCH_ALL_WORDS_ALONE } else { 0.0 }
            };
            return self.described.iter().zip(lexical).map(alone).collect();
        };
        let with_meaning = |(category, lexical): (&Described, f32)| {
            let whole = category.whole.as_ref().map_or(0.0, |v| embedding.cosine(v));
            let best = |vectors: &Vec<Arc<Vector>>| {
                vectors.iter().map(|v| embedding.cosine(v)).fold(f32::NEG_INFINITY, f32::max)
            };
            let bests: Vec<f32> =
                category.wordings.iter().map(best).filter(|b| b.is_finite()).collect();
            #[expect(clippy::cast_precision_loss, reason = "three at most")]
            let parts = if bests.is_empty() {
                whole
            } else {
                bests.iter().sum::<f32>() / bests.len() as f32
            };
            let score = (1.0 - PHRASES) * whole + PHRASES * parts + LEXICAL * lexical;
            if category.catch_all { f32::midpoint(score, CATCH_ALL_SCORE) } else { score }
        };
        self.described.iter().zip(lexical).map(with_meaning).collect()
    }

    /// The probability of every category, by scores of this text.
    #[expect(clippy::cast_precision_loss, reason = "numbers of categories and words")]
    pub fn probabilities(&self, reading: &Reading<'_>, scores: &[f32]) -> Vec<f64> {
        let sharpness = if reading.embedding.is_some() {
            let (base, growth) = SHARPNESS;
            let length = reading.words.clamp(12, 120) as f64 / 12.0;
            (base + growth * (self.len() as f64).ln()) * length.powf(-LENGTH_DAMPING)
        } else {
            LEXICAL_SHARPNESS
        };
        softmax(scores.iter().map(|s| f64::from(*s) * sharpness))
    }
}

pub(super) fn softmax(scores: impl Iterator<Item = f64>) -> Vec<f64> {
    let scores: Vec<f64> = scores.collect();
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised: Vec<f64> = scores.iter().map(|s| (s - peak).exp()).collect();
    let sum: f64 = raised.iter().sum();
    raised.into_iter().map(|r| r / sum).collect()
}

fn hash(live: &[Category]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for category in live {
        let prior = category.default_priority.map(Priority::as_str);
        let name = category.name.as_str();
        (category.slug.as_str(), name, category.description.as_str(), prior).hash(&mut hasher);
        category.examples.len().hash(&mut hasher);
        category.examples.iter().for_each(|e| e.as_str().hash(&mut hasher));
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::category::description::tests::category;

    #[test]
    fn a_text_without_shared_words_is_for_everything_else() {
        let live = [category("Billing", "invoices"), category("Other", "")];
        let read = Categories::read(&live, None, |_| None);
        let best = |text: &str| {
            let reading = Reading::new(text, None);
            let found = read.probabilities(&reading, &read.scores(&reading));
            usize::from(found[1] > found[0])
        };
        assert_eq!((best("the soup is cold"), best("my invoice is wrong")), (1, 0));
    }

    #[test]
    fn every_change_is_noticed() {
        let live = [category("Billing", "invoices")];
        let read = Categories::read(&live, None, |_| None);
        assert!(read.are(&live));
        assert!(!read.are(&[category("Billing", "invoices and refunds")]));
        let prior = Category { default_priority: Some(Priority::High), ..live[0].clone() };
        assert!(!read.are(&[prior]), "at the same version and time");
    }
}
