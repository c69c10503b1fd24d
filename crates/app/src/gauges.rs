//! What is not counted as it happens but looked at when somebody asks.

use std::{collections::BTreeMap, time::Duration};

use atc_core::Result;

use crate::App;

/// How long looking may take: metrics without it are better than none.
const PATIENCE: Duration = Duration::from_secs(2);

impl App {
    /// Looks at the pools of connections, at what searches keep in memory and at the queues, for the metrics.
    pub async fn measure(&self) {
        for pool in self.store.pools() {
            for (state, count) in [("used", pool.used), ("idle", pool.idle)] {
                metrics::gauge!("database_connections", "pool" => pool.pool, "state" => state)
                    .set(count);
            }
            metrics::gauge!("database_connections_max", "pool" => pool.pool).set(pool.max);
        }
        for kept in self.store.search_use() {
            #[expect(clippy::cast_precision_loss, reason = "a number of vectors in memory")]
            metrics::gauge!("search_vectors", "of" => kept.of).set(kept.vectors as f64);
            metrics::gauge!("search_texts_counted", "of" => kept.of).set(kept.texts_counted);
        }
        match tokio::time::timeout(PATIENCE, self.measure_queues()).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => {
                tracing::debug!(error = &e as &dyn std::error::Error, "queues were not looked at");
            }
            Err(_) => tracing::debug!("queues were not looked at: the database is slow"),
        }
    }

    async fn measure_queues(&self) -> Result<()> {
        let jobs = self.store.jobs();
        let now = jobs.now().await?;
        let waits = jobs.waits().await?;
        let mut seen = self.queues_seen.lock().await;
        let configured = self.config.job_places.iter().map(|(queue, _)| queue.to_string());
        seen.extend(configured.chain(waits.iter().map(|wait| wait.queue.clone())));
        let waits: BTreeMap<_, _> = waits.into_iter().map(|w| (w.queue.clone(), w)).collect();
        // A queue in which nothing waits any more says so.
        for queue in seen.iter() {
            let wait = waits.get(queue);
            let oldest = wait.map_or(0, |wait| (now - wait.first_run_at).num_milliseconds().max(0));
            let gauges = [
                ("job_queue_ready", wait.map_or(0, |wait| wait.due)),
                ("job_queue_later", wait.map_or(0, |wait| wait.later)),
            ];
            for (name, count) in gauges {
                #[expect(clippy::cast_precision_loss, reason = "a number of jobs")]
                metrics::gauge!(name, "queue" => queue.clone()).set(count as f64);
            }
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of less than a year")]
            metrics::gauge!("job_queue_oldest_seconds", "queue" => queue.clone())
                .set(oldest as f64 / 1000.0);
        }
        Ok(())
    }
}
