//! Learning: training the engine anew when people have labelled tickets, and taking over what
//! another process learnt.

use std::time::Duration;

use atc_core::{Result, ports::Wake};
use atc_store::StoredModel;

use crate::App;

/// How long labels must have been quiet before training begins, so that a burst is learnt at once …
const QUIET: Duration = Duration::from_secs(1);
/// … but no longer than so many pauses.
const MOST_PAUSES: usize = 5;

impl App {
    /// Brings the engine up to date with the labels.
    pub(super) async fn learn_pending(&self) -> Result<()> {
        self.take_over_model().await?;
        let mut labels = self.store.tickets().label_fingerprint().await?;
        let known = self.learnt.lock().await.fingerprint;
        if labels == known {
            return Ok(());
        }
        for _ in 0..MOST_PAUSES {
            tokio::time::sleep(QUIET).await;
            let now = self.store.tickets().label_fingerprint().await?;
            if now == labels {
                break;
            }
            labels = now;
        }
        // Read after the fingerprint: what is labelled in between is learnt now and once more.
        let examples = self.store.tickets().labelled(self.config.training_max_labels).await?;
        let started = std::time::Instant::now();
        let categories = self.store.categories().all().await?;
        let trained = self.engine.train(examples, categories.into()).await?;
        let seconds = started.elapsed().as_secs_f64();
        let model = StoredModel {
            id: self.new_id(),
            fingerprint: labels,
            labels: trained.labels as u64,
            report: trained.report,
            model: trained.bytes,
            trained_at: self.now(),
        };
        let tx = self.store.begin().await?;
        tx.models().insert(&model).await?;
        tx.commit().await?;
        self.wake(Wake::Labels);
        tracing::info!(labels = model.labels, seconds, report = %model.report, "triage has learnt");
        self.install(&model).await
    }

    /// Puts the newest stored model into use, where it is not yet: after a start, or because
    /// another process trained it.
    pub async fn take_over_model(&self) -> Result<()> {
        let latest = self.store.models().latest_id().await?;
        if latest.is_none() || latest == self.learnt.lock().await.id {
            return Ok(());
        }
        match self.store.models().latest().await? {
            Some(model) => self.install(&model).await,
            None => Ok(()),
        }
    }

    async fn install(&self, model: &StoredModel) -> Result<()> {
        let mut learnt = self.learnt.lock().await;
        learnt.id = Some(model.id);
        match self.engine.install(&model.model, model.trained_at) {
            Ok(()) => learnt.fingerprint = model.fingerprint,
            // A model of an older version of the program: what it knew is learnt anew.
            Err(e) => tracing::warn!(error = %e, "the stored triage model is not used"),
        }
        Ok(())
    }
}
