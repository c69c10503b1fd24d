//! Saying that this worker lives, so that people see who works and who was lost.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use atc_core::Result;

use super::{Registry, dispatch};
use crate::App;

/// Where Linux tells the machine's name.
const HOST_FILE: &str = "/proc/sys/kernel/hostname";
/// The most characters of a machine's name (POSIX `HOST_NAME_MAX` is 64 on Linux).
const MOST_HOST_CHARS: usize = 64;

/// Says so until the process ends, three times in the time after which it counts as lost.
pub(super) fn start(app: &Arc<App>, registry: &Registry, worker: String) {
    let places: BTreeMap<String, u16> = registry
        .queues()
        .into_iter()
        .map(|queue| (queue.as_str().to_owned(), dispatch::places(app, &queue)))
        .collect();
    let lease = Duration::from_millis(app.config.job_lease_ms);
    let app = Arc::clone(app);
    app.tasks.clone().spawn(async move {
        let host = host().await;
        loop {
            if let Err(e) = seen(&app, &worker, &host, &places, lease).await {
                tracing::warn!(
                    error = &e as &dyn std::error::Error,
                    "the worker's sign of life could not be written; it is tried again"
                );
            }
            tokio::select! {
                () = app.shutdown.cancelled() => break,
                () = tokio::time::sleep(lease / 3) => {}
            }
        }
        if let Err(e) = gone(&app, &worker).await {
            tracing::debug!(error = &e as &dyn std::error::Error, "the worker stays listed");
        }
    });
}

async fn seen(
    app: &App,
    worker: &str,
    host: &str,
    places: &BTreeMap<String, u16>,
    lease: Duration,
) -> Result<()> {
    let tx = app.store.begin().await?;
    tx.jobs().worker_seen(worker, host, places, lease).await?;
    Ok(tx.commit().await?)
}

async fn gone(app: &App, worker: &str) -> Result<()> {
    let tx = app.store.begin().await?;
    tx.jobs().worker_gone(worker).await?;
    Ok(tx.commit().await?)
}

async fn host() -> String {
    let text = tokio::fs::read_to_string(HOST_FILE).await.unwrap_or_default();
    let name: String = text.trim().chars().take(MOST_HOST_CHARS).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
