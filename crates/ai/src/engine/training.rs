//! Learning from what people labelled.

use atc_core::{
    category::Slug,
    ports::{EngineError, LabelledText, Meaning, TrainedModel},
    ticket::Priority,
    vector::Vector,
};
use serde_json::json;

use super::{
    model::{self, Model},
    reading::{as_numbers, priority_prior, width},
    texts,
};
use crate::{
    category::{Categories, Reading, priors},
    classifier::{Matrix, Report, TrainingSet},
    embedder::Embedder,
    priority,
};

/// A labelled text, ready to be learnt.
struct Example {
    source: LabelledText,
    whole: String,
    meaning: Option<Meaning>,
}

impl Example {
    fn whole_meaning(&self) -> Option<&Vector> {
        self.meaning.as_ref().map(|m| &m.whole)
    }
}

/// Where titles and texts are less alike than this on average, what the title says is worth a view of
/// its own: on long reports it tells more than the text, of which only the beginning is embedded.
const ALIKE: f32 = 0.85;

/// Trains everything anew.
pub(super) fn train(
    examples: Vec<LabelledText>,
    categories: &Categories,
    embedder: Option<&Embedder>,
    embedding_model: Option<String>,
) -> Result<TrainedModel, EngineError> {
    let labels = examples.len();
    let examples: Vec<Example> = examples.into_iter().map(|e| prepare(e, embedder)).collect();
    let titles = tell_more(&examples);
    let mut model = Model::new(embedding_model, titles, labels);
    let mut report = json!({"labels": labels, "titles": titles});
    if let Some((learnt, of_categories)) = train_categories(&examples, categories, titles) {
        model.categories = Some(learnt);
        report["categories"] = json!(of_categories);
    }
    if let Some(set) = priority_set(&examples, titles) {
        let (classifier, of_priorities) = set.train();
        model.priorities = Some(classifier);
        report["priorities"] = json!(of_priorities);
    }
    Ok(TrainedModel { bytes: model.to_bytes()?, labels, report: report.to_string() })
}

fn prepare(source: LabelledText, embedder: Option<&Embedder>) -> Example {
    let whole = texts::whole(&source.input);
    let title = || texts::title(&source.input);
    let read = |e: &Embedder| {
        Some(Meaning { title: e.embed(&title()).ok()?, whole: e.embed(&whole).ok()? })
    };
    let meaning = embedder.and_then(|e| source.meaning.clone().or_else(|| read(e)));
    Example { source, whole, meaning }
}

/// Whether titles say something else than their texts.
fn tell_more(examples: &[Example]) -> bool {
    let known = || examples.iter().filter_map(|e| e.meaning.as_ref());
    let sum: f32 = known().map(|m| m.title.cosine(&m.whole)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of texts")]
    let most = ALIKE * known().count() as f32;
    sum < most
}

fn train_categories(
    examples: &[Example],
    categories: &Categories,
    titles: bool,
) -> Option<(model::Categories, Report)> {
    let live = |slug: &Slug| (0..categories.len()).find(|i| categories.slug(*i) == slug);
    let labelled: Vec<(&Example, usize)> =
        examples.iter().filter_map(|e| Some((e, live(e.source.category.as_ref()?)?))).collect();
    let mut known: Vec<usize> = labelled.iter().map(|(_, i)| *i).collect();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() {
        return None;
    }
    let mut set = empty_set(known.len(), titles);
    let mut tickets = Vec::with_capacity(labelled.len());
    for (example, category) in &labelled {
        let reading = Reading::new(&example.whole, example.whole_meaning());
        let prior = priors(&categories.scores(&reading), &known);
        let class = known.binary_search(category).ok()?;
        add(&mut set, example, class, &prior, titles);
        tickets.push(example.source.number);
    }
    for category in &known {
        let (text, embedding) = categories.description(*category);
        let both = embedding.map(|v| Meaning { title: v.clone(), whole: v.clone() });
        set.descriptions.push(&as_numbers(both.as_ref(), titles));
        set.description_texts.push(text.to_owned());
    }
    let (classifier, report) = set.train();
    let slugs = known.iter().map(|i| categories.slug(*i).clone()).collect();
    Some((model::Categories { classifier, slugs, tickets }, report))
}

/// The labelled priorities; `None` where none was given.
fn priority_set(examples: &[Example], titles: bool) -> Option<TrainingSet> {
    let mut set = empty_set(Priority::ALL.len(), titles);
    for example in examples {
        let Some(priority) = example.source.priority else { continue };
        let class = Priority::ALL.iter().position(|p| *p == priority)?;
        let judged = priority::prioritise(&example.whole, example.whole_meaning(), None);
        add(&mut set, example, class, &priority_prior(&judged.probabilities), titles);
    }
    for _ in Priority::ALL {
        set.descriptions.push(&as_numbers(None, titles));
        set.description_texts.push(String::new());
    }
    (!set.classes.is_empty()).then_some(set)
}

fn empty_set(classes: usize, titles: bool) -> TrainingSet {
    TrainingSet {
        embeddings: Matrix::with_columns(width(titles)),
        texts: Vec::new(),
        classes: Vec::new(),
        priors: Matrix::with_columns(classes),
        descriptions: Matrix::with_columns(width(titles)),
        description_texts: Vec::new(),
    }
}

fn add(set: &mut TrainingSet, example: &Example, class: usize, prior: &[f32], titles: bool) {
    set.embeddings.push(&as_numbers(example.meaning.as_ref(), titles));
    set.texts.push(example.whole.clone());
    set.classes.push(class);
    set.priors.push(prior);
}
