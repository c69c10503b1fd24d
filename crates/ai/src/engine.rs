//! The local engine: reads texts with the models of this machine.

mod model;
mod reading;
mod texts;
mod training;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
    time::Instant,
};

use atc_core::{
    category::Category,
    latencies::Latencies,
    ports::{
        Analysis, BoxFuture, EngineError, EngineState, EngineStatus, LabelledText, Meaning,
        TrainedModel, TriageEngine, TriageInput,
    },
    vector::Vector,
};
use chrono::{DateTime, Utc};

use self::{model::Model, reading::Reader};
use crate::{
    category::Categories,
    embedder::Embedder,
    models::{Manifest, installed},
    pool::{Lane, Pool},
};

/// The embedding model, by its name in the manifest.
const EMBEDDING_MODEL: &str = "all-minilm-l6-v2-int8";
/// A batch is read in parts of this size, between which single texts get their turn.
const CHUNK: usize = 8;

/// How the engine is set up.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Where the models are.
    pub models_dir: PathBuf,
    /// How many threads read texts.
    pub threads: usize,
    /// How many parts of work may wait.
    pub queue: usize,
    /// Below this probability of the category a person should look.
    pub review_below: f64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { models_dir: PathBuf::from("models"), threads: 1, queue: 1024, review_below: 0.4 }
    }
}

/// Reads texts with the models of this machine. Models are loaded while it runs already; without
/// them it goes by words alone.
pub struct LocalEngine {
    pool: Pool,
    trainer: Pool,
    shared: Arc<Shared>,
}

struct Shared {
    config: EngineConfig,
    /// The embedder, once it is loaded or known not to be there.
    embedder: OnceLock<Result<Embedder, String>>,
    categories: Mutex<Option<Arc<Categories>>>,
    learnt: RwLock<(Arc<Model>, Option<DateTime<Utc>>)>,
    latencies: Latencies,
}

impl LocalEngine {
    /// Starts its threads and begins to load the models.
    #[must_use]
    pub fn start(config: EngineConfig) -> Self {
        let pool = Pool::start("triage", config.threads.max(1), config.queue.max(1));
        // Loading the models may still wait in it when the first training comes.
        let trainer = Pool::start("training", 1, 4);
        let shared = Arc::new(Shared {
            config,
            embedder: OnceLock::new(),
            categories: Mutex::new(None),
            learnt: RwLock::default(),
            latencies: Latencies::default(),
        });
        let loading = shared.clone();
        // An empty pool takes a first job; what it loads is kept in `shared`.
        drop(trainer.run(Lane::Single, move || loading.embedder().is_ok()));
        Self { pool, trainer, shared }
    }

    /// Runs `job` on every part of the inputs in the pool.
    fn spread<I, O>(
        &self,
        inputs: Vec<I>,
        job: impl Fn(&Shared, Vec<I>) -> Vec<O> + Clone + Send + 'static,
    ) -> BoxFuture<'_, Result<Vec<O>, EngineError>>
    where
        I: Send + 'static,
        O: Send + 'static,
    {
        let started = Instant::now();
        let lane = if inputs.len() <= CHUNK { Lane::Single } else { Lane::Batch };
        let mut parts = Vec::new();
        let mut inputs = inputs.into_iter().peekable();
        let mut refused = None;
        while inputs.peek().is_some() {
            let part: Vec<I> = inputs.by_ref().take(CHUNK).collect();
            let (shared, job) = (self.shared.clone(), job.clone());
            match self.pool.run(lane, move || job(&shared, part)) {
                Ok(answer) => parts.push(answer),
                Err(e) => {
                    refused = Some(e);
                    break;
                }
            }
        }
        Box::pin(async move {
            let answered = async {
                if let Some(e) = refused {
                    return Err(e);
                }
                let mut outputs = Vec::new();
                for part in parts {
                    outputs.extend(part.await?);
                }
                Ok(outputs)
            }
            .await;
            self.shared.latencies.note(started.elapsed(), answered.is_err());
            answered
        })
    }
}

impl Shared {
    /// The embedder; waits while it is loaded.
    fn embedder(&self) -> Result<&Embedder, &str> {
        self.embedder.get_or_init(|| self.load()).as_ref().map_err(String::as_str)
    }

    fn load(&self) -> Result<Embedder, String> {
        let started = Instant::now();
        let manifest = Manifest::embedded().map_err(|e| e.to_string())?;
        let spec = manifest.model(EMBEDDING_MODEL).ok_or("the manifest lacks the embeddings")?;
        let files = installed::verify(&self.config.models_dir, spec);
        let loaded = files.map_err(|e| e.to_string()).and_then(|m| {
            let (model, tokenizer) = (m.file("model.onnx"), m.file("tokenizer.json"));
            Embedder::load(&model, &tokenizer).map_err(|e| e.to_string())
        });
        match &loaded {
            Ok(_) => {
                tracing::info!(ms = started.elapsed().as_millis(), "the embedding model is loaded");
            }
            Err(why) => tracing::warn!(%why, "triage goes by words alone"),
        }
        loaded
    }

    /// The categories as they are now, read once for all calls until one changes.
    fn categories(&self, live: &[Category]) -> Arc<Categories> {
        let mut kept = self.categories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = kept.as_ref().filter(|read| read.are(live)) {
            return read.clone();
        }
        let embedder = self.embedder().ok();
        let read = Categories::read(live, kept.as_deref(), |text| embedder?.embed(text).ok());
        kept.insert(Arc::new(read)).clone()
    }

    fn learnt(&self) -> (Arc<Model>, Option<DateTime<Utc>>) {
        self.learnt.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn analyse(&self, inputs: &[TriageInput], live: &[Category]) -> Vec<Analysis> {
        let categories = self.categories(live);
        let (learnt, _) = self.learnt();
        let reader = Reader {
            embedder: self.embedder().ok(),
            model_name: EMBEDDING_MODEL,
            categories: &categories,
            learnt: &learnt,
            review_below: self.config.review_below,
        };
        inputs.iter().map(|input| reader.read(input)).collect()
    }

    /// Whether the embedding model is there, as far as is known by now.
    fn expects_embeddings(&self) -> bool {
        match self.embedder.get() {
            Some(loaded) => loaded.is_ok(),
            None => Manifest::embedded().is_ok_and(|manifest| {
                let spec = manifest.model(EMBEDDING_MODEL);
                spec.is_some_and(|s| installed::find(&self.config.models_dir, s).is_ok())
            }),
        }
    }
}

impl TriageEngine for LocalEngine {
    fn analyse(
        &self,
        inputs: Vec<TriageInput>,
        categories: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<Vec<Analysis>, EngineError>> {
        self.spread(inputs, move |shared, part| shared.analyse(&part, &categories))
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Option<Vec<Vector>>, EngineError>> {
        let embedded = self.spread(texts, |shared, part| {
            let embedder = shared.embedder().ok();
            part.iter().map(|text| embedder?.embed(text).ok()).collect()
        });
        Box::pin(async move { Ok(embedded.await?.into_iter().collect()) })
    }

    fn meanings(
        &self,
        inputs: Vec<TriageInput>,
    ) -> BoxFuture<'_, Result<Option<Vec<Meaning>>, EngineError>> {
        let embedded = self.spread(inputs, |shared, part| {
            let embedder = shared.embedder().ok();
            let meaning = |input: &TriageInput| {
                let title = embedder?.embed(&texts::title(input)).ok()?;
                Some(Meaning { title, whole: embedder?.embed(&texts::whole(input)).ok()? })
            };
            part.iter().map(meaning).collect()
        });
        Box::pin(async move { Ok(embedded.await?.into_iter().collect()) })
    }

    fn language(&self, text: &str) -> Option<String> {
        crate::text::language(text)
    }

    fn embedding_model(&self) -> Option<String> {
        self.shared.expects_embeddings().then(|| EMBEDDING_MODEL.to_owned())
    }

    fn train(
        &self,
        examples: Vec<LabelledText>,
        categories: Arc<[Category]>,
    ) -> BoxFuture<'_, Result<TrainedModel, EngineError>> {
        let shared = self.shared.clone();
        let trained = self.trainer.run(Lane::Batch, move || {
            let categories = shared.categories(&categories);
            let embedder = shared.embedder().ok();
            let name = embedder.map(|_| EMBEDDING_MODEL.to_owned());
            training::train(examples, &categories, embedder, name)
        });
        Box::pin(async move { trained?.await? })
    }

    fn install(&self, model: &[u8], trained_at: DateTime<Utc>) -> Result<(), EngineError> {
        let model = Model::from_bytes(model, self.embedding_model().as_deref())?;
        let mut learnt = self.shared.learnt.write().unwrap_or_else(PoisonError::into_inner);
        *learnt = (Arc::new(model), Some(trained_at));
        Ok(())
    }

    fn status(&self) -> EngineStatus {
        let (calls, errors) = self.shared.latencies.counts();
        let (p50_ms, p95_ms) = self.shared.latencies.percentiles();
        let (learnt, trained_at) = self.shared.learnt();
        let (state, detail) = match self.shared.embedder.get() {
            Some(Ok(_)) => (EngineState::Ready, None),
            Some(Err(why)) => (EngineState::Degraded, Some(why.clone())),
            None => {
                (EngineState::Degraded, Some("The embedding model is being loaded.".to_owned()))
            }
        };
        let ready = state == EngineState::Ready;
        EngineStatus {
            state,
            detail,
            provider: "local",
            model: if ready { EMBEDDING_MODEL } else { reading::WORDS_ALONE }.to_owned(),
            calls,
            errors,
            p50_ms,
            p95_ms,
            trained_labels: learnt.labels,
            trained_at,
        }
    }
}

#[cfg(test)]
mod tests;
