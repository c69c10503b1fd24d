//! What the categories say of themselves: a score that needs no labelled ticket.
//!
//! The text is compared with each category's description as a whole, and with its phrases and
//! examples one by one, of which the best counts, in several wordings: a short phrase is close to a
//! sentence about it only when it is worded like one.

use std::{collections::HashMap, sync::Arc};

use atc_core::{
    category::{Category, Slug},
    ticket::Priority,
    vector::Vector,
};
use chrono::{DateTime, Utc};

use super::lexical::{self, Index};

/// How a phrase is worded. With many categories only the first is used: embedding them all would make
/// a change of a category slow.
const WORDINGS: [(&str, &str); 3] = [("", ""), ("problem with ", ""), ("request: ", "")];
const WORDINGS_UP_TO: usize = 40;
/// The most phrases and examples of a category that are embedded.
const MAX_PHRASES: usize = 24;
/// How much shared words count beside the cosine.
const LEXICAL: f32 = 0.05;
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
    key: Vec<(Slug, i64, DateTime<Utc>)>,
    categories: Vec<Described>,
    index: Index,
    /// Every text that was embedded, for the next time a single category changes.
    embedded: HashMap<String, Arc<Vector>>,
}

struct Described {
    slug: Slug,
    name: String,
    default_priority: Option<Priority>,
    text: String,
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
                let (phrases, examples) = parts(category);
                let reword = |(before, after): &(&str, &str)| -> Vec<Arc<Vector>> {
                    // An example is a sentence already.
                    let worded = phrases.iter().map(|p| format!("{before}{p}{after}"));
                    worded.chain(examples.iter().cloned()).filter_map(&mut look_up).collect()
                };
                Described {
                    slug: category.slug.clone(),
                    name: category.name.as_str().to_owned(),
                    default_priority: category.default_priority,
                    whole,
                    wordings: wordings.iter().map(reword).collect(),
                    text,
                }
            })
            .collect();
        let read_as: Vec<String> = categories.iter().map(|c| c.text.clone()).collect();
        let index = Index::of(&read_as);
        Self { key: key(live), categories, index, embedded }
    }

    /// Whether these categories are still as they were read.
    pub fn are(&self, live: &[Category]) -> bool {
        self.key == key(live)
    }

    pub fn len(&self) -> usize {
        self.categories.len()
    }

    pub fn slug(&self, i: usize) -> &Slug {
        &self.categories[i].slug
    }

    pub fn name(&self, i: usize) -> &str {
        &self.categories[i].name
    }

    pub fn default_priority(&self, slug: &Slug) -> Option<Priority> {
        self.categories.iter().find(|c| c.slug == *slug)?.default_priority
    }

    /// What a category says of itself, as one text and as its meaning.
    pub fn description(&self, i: usize) -> (&str, Option<&Vector>) {
        let category = &self.categories[i];
        (&category.text, category.whole.as_deref())
    }

    /// The cosine of the text and a category's description.
    pub fn closeness(&self, reading: &Reading<'_>, i: usize) -> Option<f32> {
        Some(reading.embedding?.cosine(self.categories[i].whole.as_deref()?))
    }

    /// Words of the text that stand in a category's description.
    pub fn shared_words<'t>(&self, reading: &Reading<'t>, i: usize) -> Vec<&'t str> {
        self.index.shared(&reading.stems, i)
    }

    /// A score for every category, comparable with one another for one text.
    pub fn scores(&self, reading: &Reading<'_>) -> Vec<f32> {
        let lexical = self.index.scores(&reading.stems);
        let Some(embedding) = reading.embedding else { return lexical };
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
            f32::midpoint(whole, parts) + LEXICAL * lexical
        };
        self.categories.iter().zip(lexical).map(with_meaning).collect()
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

fn key(live: &[Category]) -> Vec<(Slug, i64, DateTime<Utc>)> {
    live.iter().map(|c| (c.slug.clone(), c.version, c.updated_at)).collect()
}

/// Name and description as one text, without saying the name twice.
fn whole_text(category: &Category) -> String {
    let (name, description) = (category.name.as_str().trim(), category.description.as_str().trim());
    let repeated = description.to_lowercase().starts_with(&name.to_lowercase());
    match (description.is_empty(), repeated) {
        (true, _) => name.to_owned(),
        (false, true) => description.to_owned(),
        (false, false) => format!("{name}: {description}"),
    }
}

/// The phrases of the description, and the examples.
fn parts(category: &Category) -> (Vec<String>, Vec<String>) {
    let description = category.description.as_str();
    // What stands before a colon is a heading.
    let body = description.split_once(':').map_or(description, |(_, body)| body);
    let mut phrases: Vec<String> = body
        .split([',', ';', '.', '(', ')', '\n'])
        .flat_map(|part| part.split(" or "))
        .flat_map(|part| part.split(" and "))
        .map(str::trim)
        .filter(|part| part.chars().count() > 2)
        .map(str::to_owned)
        .collect();
    if phrases.is_empty() {
        phrases.push(category.name.as_str().to_owned());
    }
    phrases.truncate(MAX_PHRASES);
    let room = MAX_PHRASES - phrases.len();
    let examples = category.examples.iter().take(room).map(|e| e.as_str().to_owned()).collect();
    (phrases, examples)
}
