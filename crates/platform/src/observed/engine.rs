//! The engine that reads texts, watched.

use std::sync::Arc;

use atc_core::{
    category::Category,
    ports::{
        Analysis, BoxFuture, EngineError, EngineStatus, LabelledText, Meaning, TrainedModel,
        TriageEngine, TriageInput,
    },
    vector::Vector,
};
use chrono::{DateTime, Utc};

use super::{ModelCall, model_call};

/// What answers where the embedding model is not there.
const WITHOUT_MODEL: &str = "words";

/// An engine whose calls are watched.
pub struct ObservedEngine<E> {
    inner: E,
    provider: &'static str,
}

impl<E: TriageEngine> ObservedEngine<E> {
    /// Watches the calls of this engine.
    pub fn new(inner: E) -> Self {
        let provider = inner.status().provider;
        Self { inner, provider }
    }

    fn watch<'a, T: Send + 'a>(
        &self,
        operation: &'static str,
        call: BoxFuture<'a, Result<T, EngineError>>,
    ) -> BoxFuture<'a, Result<T, EngineError>> {
        let provider = self.provider;
        let model = self.inner.embedding_model();
        Box::pin(async move {
            let model = model.as_deref().unwrap_or(WITHOUT_MODEL);
            model_call(ModelCall { provider, model, operation }, call, failed).await
        })
    }
}

fn failed(e: &EngineError) -> &'static str {
    match e {
        EngineError::Overloaded => "overloaded",
        EngineError::Stopped => "stopped",
        EngineError::BadModel(_) | EngineError::Model(_) => "failed",
    }
}

impl<E: TriageEngine> TriageEngine for ObservedEngine<E> {
    fn analyse(
        &self,
        inputs: Vec<TriageInput>,
        categories: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<Vec<Analysis>, EngineError>> {
        self.watch("triage", self.inner.analyse(inputs, categories))
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Option<Vec<Vector>>, EngineError>> {
        self.watch("embeddings", self.inner.embed(texts))
    }

    fn meanings(
        &self,
        inputs: Vec<TriageInput>,
    ) -> BoxFuture<'_, Result<Option<Vec<Meaning>>, EngineError>> {
        self.watch("embeddings", self.inner.meanings(inputs))
    }

    fn language(&self, text: &str) -> Option<String> {
        self.inner.language(text)
    }

    fn embedding_model(&self) -> Option<String> {
        self.inner.embedding_model()
    }

    fn train(
        &self,
        examples: Vec<LabelledText>,
        categories: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<TrainedModel, EngineError>> {
        self.watch("train", self.inner.train(examples, categories))
    }

    fn install(&self, model: &[u8], trained_at: DateTime<Utc>) -> Result<(), EngineError> {
        self.inner.install(model, trained_at)
    }

    fn status(&self) -> EngineStatus {
        self.inner.status()
    }
}
