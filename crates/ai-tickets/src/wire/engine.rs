//! The engine that reads texts.

use std::sync::Arc;

use atc_ai::{EngineConfig, LocalEngine};
use atc_core::{
    category::Category,
    ports::{
        Analysis, BoxFuture, EngineError, EngineState, EngineStatus, LabelledText, Meaning,
        TrainedModel, TriageEngine, TriageInput,
    },
    vector::Vector,
};
use atc_platform::observed::ObservedEngine;
use chrono::{DateTime, Utc};

use crate::config::Settings;

/// Which engine a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The local one, with the models of this machine.
    Local,
    /// None: the command reads no text, so that no model is loaded for it.
    None,
}

impl Engine {
    /// Starts it. Models are loaded meanwhile; whoever asks it something waits for them.
    pub fn start(self, settings: &Settings) -> Arc<dyn TriageEngine> {
        match self {
            Self::Local => Arc::new(ObservedEngine::new(LocalEngine::start(EngineConfig {
                models_dir: settings.models_dir.clone(),
                threads: settings.triage.threads,
                queue: settings.triage.queue,
                review_below: settings.triage.review_below,
            }))),
            Self::None => Arc::new(NoEngine),
        }
    }
}

/// Reads nothing.
struct NoEngine;

impl TriageEngine for NoEngine {
    fn analyse(
        &self,
        _: Vec<TriageInput>,
        _: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<Vec<Analysis>, EngineError>> {
        Box::pin(async { Err(EngineError::Stopped) })
    }

    fn embed(&self, _: Vec<String>) -> BoxFuture<'_, Result<Option<Vec<Vector>>, EngineError>> {
        Box::pin(async { Ok(None) })
    }

    fn meanings(
        &self,
        _: Vec<TriageInput>,
    ) -> BoxFuture<'_, Result<Option<Vec<Meaning>>, EngineError>> {
        Box::pin(async { Ok(None) })
    }

    fn language(&self, _: &str) -> Option<String> {
        None
    }

    fn embedding_model(&self) -> Option<String> {
        None
    }

    fn train(
        &self,
        _: Vec<LabelledText>,
        _: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<TrainedModel, EngineError>> {
        Box::pin(async { Err(EngineError::Stopped) })
    }

    fn install(&self, _: &[u8], _: DateTime<Utc>) -> Result<(), EngineError> {
        Ok(())
    }

    fn status(&self) -> EngineStatus {
        EngineStatus {
            state: EngineState::Unavailable,
            detail: Some("This process reads no texts.".to_owned()),
            provider: "none",
            model: "none".to_owned(),
            calls: 0,
            errors: 0,
            p50_ms: 0.0,
            p95_ms: 0.0,
            trained_labels: 0,
            trained_at: None,
        }
    }
}
