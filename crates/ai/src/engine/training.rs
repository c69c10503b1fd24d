//! Learning from what people labelled.

use atc_core::{
    category::Slug,
    ports::{EngineError, LabelledText, TrainedModel},
    ticket::Priority,
    vector::{DIMENSIONS, Vector},
};
use serde_json::json;

use super::{
    model::{self, Model},
    reading::{as_numbers, priority_prior},
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
    embedding: Option<Vector>,
}

/// Trains everything anew.
pub(super) fn train(
    examples: Vec<LabelledText>,
    categories: &Categories,
    embedder: Option<&Embedder>,
    embedding_model: Option<String>,
) -> Result<TrainedModel, EngineError> {
    let labels = examples.len();
    let examples: Vec<Example> = examples.into_iter().map(|e| prepare(e, embedder)).collect();
    let mut model = Model::new(embedding_model, labels);
    let mut report = json!({"labels": labels});
    if let Some((learnt, of_categories)) = train_categories(&examples, categories) {
        model.categories = Some(learnt);
        report["categories"] = json!(of_categories);
    }
    if let Some(set) = priority_set(&examples) {
        let (classifier, of_priorities) = set.train();
        model.priorities = Some(classifier);
        report["priorities"] = json!(of_priorities);
    }
    Ok(TrainedModel { bytes: model.to_bytes()?, labels, report: report.to_string() })
}

fn prepare(source: LabelledText, embedder: Option<&Embedder>) -> Example {
    let whole = texts::whole(&source.input);
    let known = source.meaning.as_ref().map(|m| m.whole.clone());
    let embedding = embedder.and_then(|e| known.or_else(|| e.embed(&whole).ok()));
    Example { source, whole, embedding }
}

fn train_categories(
    examples: &[Example],
    categories: &Categories,
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
    let mut set = empty_set(known.len());
    let mut tickets = Vec::with_capacity(labelled.len());
    for (example, category) in &labelled {
        let reading = Reading::new(&example.whole, example.embedding.as_ref());
        let prior = priors(&categories.scores(&reading), &known);
        let class = known.binary_search(category).ok()?;
        add(&mut set, example, class, &prior);
        tickets.push(example.source.number);
    }
    for category in &known {
        let (text, embedding) = categories.description(*category);
        set.descriptions.push(&as_numbers(embedding));
        set.description_texts.push(text.to_owned());
    }
    let (classifier, report) = set.train();
    let slugs = known.iter().map(|i| categories.slug(*i).clone()).collect();
    Some((model::Categories { classifier, slugs, tickets }, report))
}

/// The labelled priorities; `None` where none was given.
fn priority_set(examples: &[Example]) -> Option<TrainingSet> {
    let mut set = empty_set(Priority::ALL.len());
    for example in examples {
        let Some(priority) = example.source.priority else { continue };
        let class = Priority::ALL.iter().position(|p| *p == priority)?;
        let judged = priority::prioritise(&example.whole, example.embedding.as_ref(), None);
        add(&mut set, example, class, &priority_prior(&judged.probabilities));
    }
    for _ in Priority::ALL {
        set.descriptions.push(&[0.0; DIMENSIONS]);
        set.description_texts.push(String::new());
    }
    (!set.classes.is_empty()).then_some(set)
}

fn empty_set(classes: usize) -> TrainingSet {
    TrainingSet {
        embeddings: Matrix::with_columns(DIMENSIONS),
        texts: Vec::new(),
        classes: Vec::new(),
        priors: Matrix::with_columns(classes),
        descriptions: Matrix::with_columns(DIMENSIONS),
        description_texts: Vec::new(),
    }
}

fn add(set: &mut TrainingSet, example: &Example, class: usize, prior: &[f32]) {
    set.embeddings.push(&as_numbers(example.embedding.as_ref()));
    set.texts.push(example.whole.clone());
    set.classes.push(class);
    set.priors.push(prior);
}
