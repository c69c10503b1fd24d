//! The engine that reads a ticket's text.

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    category::{Category, Slug},
    error::Error,
    id::TicketNumber,
    ports::BoxFuture,
    ticket::Priority,
    vector::Vector,
};

/// A text to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageInput {
    /// The title, where a person gave one.
    pub title: Option<String>,
    /// The text itself.
    pub text: String,
}

/// What an engine makes of one text, before anything stored is looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// What kind of thing it is.
    pub category: CategoryVerdict,
    /// How pressing it is.
    pub priority: PriorityVerdict,
    /// One clean line, taken from the text.
    pub title: String,
    /// The sentences that carry the meaning, taken from the text.
    pub summary: String,
    /// ISO 639-1 code of the language.
    pub language: Option<String>,
    /// Words worth having as tags.
    pub tags: Vec<String>,
    /// Things that the text names, by kind: `order_numbers`, `error_codes`, `versions`, `urls`, …
    pub entities: Vec<(&'static str, Vec<String>)>,
    /// The meaning of title and beginning, and of the whole; `None` without the embedding model.
    pub meaning: Option<Meaning>,
    /// The model that answered.
    pub model: Cow<'static, str>,
    /// Whether a part of the engine was missing.
    pub degraded: bool,
}

/// The meaning of a text in the two views that search compares.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// Of the title alone.
    pub title: Vector,
    /// Of title and text together.
    pub whole: Vector,
}

/// What kind of thing a text is about.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryVerdict {
    /// Every live category with its calibrated probability, likeliest first; never empty.
    pub ranked: Vec<(Slug, f64)>,
    /// Whether the likeliest is too unsure to be acted upon.
    pub needs_review: bool,
    /// Sentences that say what decided.
    pub evidence: Vec<String>,
    /// Labelled tickets that are most alike and share the verdict.
    pub neighbours: Vec<TicketNumber>,
}

/// How pressing a text is.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorityVerdict {
    /// The priority.
    pub priority: Priority,
    /// The probability that it is right.
    pub confidence: f64,
    /// Sentences that say what decided.
    pub evidence: Vec<String>,
}

/// A ticket that people have labelled: what the engine learns from.
#[derive(Debug, Clone)]
pub struct LabelledText {
    /// The ticket's number, to be shown as evidence.
    pub number: TicketNumber,
    /// Its title and description.
    pub input: TriageInput,
    /// Its meaning, where it is known already.
    pub meaning: Option<Meaning>,
    /// The category that a person gave.
    pub category: Option<Slug>,
    /// The priority that a person gave.
    pub priority: Option<Priority>,
}

/// What training made.
#[derive(Debug, Clone)]
pub struct TrainedModel {
    /// The model in the engine's own form.
    pub bytes: Vec<u8>,
    /// From how many labelled tickets it learnt.
    pub labels: usize,
    /// What held-out folds said of it, as JSON, for the log and the operator.
    pub report: String,
}

/// Whether the engine can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineState {
    /// Everything is there.
    Ready,
    /// It answers, but without a part of itself.
    Degraded,
    /// It cannot answer.
    Unavailable,
}

/// How the engine fares.
#[derive(Debug, Clone)]
pub struct EngineStatus {
    /// Whether it can do its work.
    pub state: EngineState,
    /// What is wrong and how to mend it; safe to show.
    pub detail: Option<String>,
    /// Who answers.
    pub provider: &'static str,
    /// With which model.
    pub model: String,
    /// Calls since the start.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Median milliseconds of the latest calls.
    pub p50_ms: f64,
    /// The 95th percentile of the latest calls, in milliseconds.
    pub p95_ms: f64,
    /// From how many labelled tickets the model in use has learnt.
    pub trained_labels: usize,
    /// When it did.
    pub trained_at: Option<DateTime<Utc>>,
}

/// Why an engine did not answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// More work is waiting than is allowed to wait.
    #[error("the triage pool is full")]
    Overloaded,
    /// It was told to stop.
    #[error("the triage pool has stopped")]
    Stopped,
    /// The bytes are no model of this engine.
    #[error("the stored model cannot be read: {0}")]
    BadModel(String),
    /// A model failed on this input.
    #[error("the model failed: {0}")]
    Model(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<EngineError> for Error {
    fn from(e: EngineError) -> Self {
        match e {
            EngineError::Overloaded | EngineError::Stopped => {
                Error::unavailable("Triage is busy; try again in a moment.", 2).with_source(e)
            }
            EngineError::BadModel(_) | EngineError::Model(_) => Error::internal(e),
        }
    }
}

/// Reads texts: category, priority, title, summary, meaning. Everything that takes processor time
/// runs in the engine's own bounded pool, never on the caller's thread.
pub trait TriageEngine: Send + Sync {
    /// Reads each text against the categories as they are now. `categories` must not be empty.
    ///
    /// # Errors
    /// [`EngineError::Overloaded`] when the pool's queue is full.
    fn analyse(
        &self,
        inputs: Vec<TriageInput>,
        categories: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<Vec<Analysis>, EngineError>>;

    /// The meaning of each text; `None` when the embedding model is not there.
    ///
    /// # Errors
    /// [`EngineError::Overloaded`] when the pool's queue is full.
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Option<Vec<Vector>>, EngineError>>;

    /// The meaning of each ticket's text, as [`TriageEngine::analyse`] gives it; `None` when the
    /// embedding model is not there.
    ///
    /// # Errors
    /// [`EngineError::Overloaded`] when the pool's queue is full.
    fn meanings(
        &self,
        inputs: Vec<TriageInput>,
    ) -> BoxFuture<'_, Result<Option<Vec<Meaning>>, EngineError>>;

    /// The language of a text, as an ISO 639-1 code; `None` where it cannot be told. Cheap: only the
    /// beginning counts.
    fn language(&self, text: &str) -> Option<String>;

    /// Which embedding model serves; vectors of another one cannot be compared with its vectors.
    /// `None` when the model is not there.
    fn embedding_model(&self) -> Option<String>;

    /// Learns from what people labelled, against the categories as they are now. Runs for seconds to
    /// a minute, beside the pool.
    ///
    /// # Errors
    /// When the model fails on an input.
    fn train(
        &self,
        examples: Vec<LabelledText>,
        categories: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<TrainedModel, EngineError>>;

    /// Puts a trained model into use at once.
    ///
    /// # Errors
    /// [`EngineError::BadModel`] when the bytes are not of this engine's present form.
    fn install(&self, model: &[u8], trained_at: DateTime<Utc>) -> Result<(), EngineError>;

    /// How the engine fares.
    fn status(&self) -> EngineStatus;
}
