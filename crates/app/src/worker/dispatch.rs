//! Filling the places of each queue with jobs.

use std::{sync::Arc, time::Duration};

use atc_core::{
    Result,
    job::{AttemptToken, JobKind, Queue},
};
use atc_store::{Claim, ClaimedJob};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use super::{Registry, supervise};
use crate::App;

/// How many jobs of a queue run at the same time where the configuration does not say.
const USUAL_PLACES: u16 = 2;

/// One queue and who looks after it.
struct Lane {
    app: Arc<App>,
    registry: Arc<Registry>,
    queue: Queue,
    kinds: Vec<JobKind>,
    places: Arc<Semaphore>,
    worker: String,
    poll: Duration,
    signal: watch::Receiver<u64>,
}

/// Starts one loop for each queue: a full queue holds up no other. `worker` is the name that the jobs
/// will carry.
pub(super) fn start(app: &Arc<App>, registry: &Arc<Registry>, worker: &str, poll: Duration) {
    for queue in registry.queues() {
        let places = places(app, &queue);
        let lane = Lane {
            app: Arc::clone(app),
            registry: Arc::clone(registry),
            kinds: registry.kinds(&queue),
            queue,
            places: Arc::new(Semaphore::new(places.into())),
            worker: worker.to_owned(),
            poll,
            signal: app.signals.jobs.subscribe(),
        };
        app.tasks.spawn(lane.serve());
    }
}

/// How many jobs of a queue this process runs at the same time.
pub(super) fn places(app: &App, queue: &Queue) -> u16 {
    let places = app.config.job_places.iter().find(|(name, _)| name == queue);
    places.map_or(USUAL_PLACES, |(_, places)| *places)
}

/// A name by which people tell workers apart.
pub(super) fn name(id: Uuid) -> String {
    let id = id.simple().to_string();
    format!("{}-{}", std::process::id(), &id[id.len() - 8..])
}

impl Lane {
    async fn serve(mut self) {
        loop {
            let Some(mut places) = self.free_places().await else { return };
            // Before the claim: what is announced from here on is looked at once more.
            self.signal.mark_unchanged();
            let asked = places.len();
            let jobs = self.claim(asked).await.unwrap_or_else(|e| {
                tracing::warn!(queue = %self.queue, error = &e as &dyn std::error::Error,
                    "no job could be taken; it is tried again");
                Vec::new()
            });
            let found = jobs.len();
            for (job, place) in jobs.into_iter().zip(places.drain(..)) {
                let work = supervise::run(Arc::clone(&self.app), Arc::clone(&self.registry), job);
                self.app.tasks.spawn(async move {
                    work.await;
                    drop(place);
                });
            }
            if found < asked {
                tokio::select! {
                    () = self.app.shutdown.cancelled() => return,
                    _ = self.signal.changed() => {}
                    () = tokio::time::sleep(self.poll) => {}
                }
            }
        }
    }

    /// Waits for a free place; takes the others that are free as well. `None` when the process ends.
    async fn free_places(&self) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = tokio::select! {
            biased;
            () = self.app.shutdown.cancelled() => return None,
            place = Arc::clone(&self.places).acquire_owned() => place.ok()?,
        };
        let mut places = vec![first];
        while let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            places.push(place);
        }
        Some(places)
    }

    async fn claim(&self, limit: usize) -> Result<Vec<ClaimedJob>> {
        let claim = Claim {
            queue: &self.queue,
            kinds: &self.kinds,
            limit: u16::try_from(limit).unwrap_or(u16::MAX),
            lease: Duration::from_millis(self.app.config.job_lease_ms),
            token: AttemptToken(self.app.new_id()),
            worker: &self.worker,
        };
        let tx = self.app.store.begin().await?;
        let jobs = tx.jobs().claim(&claim).await?;
        tx.commit().await?;
        Ok(jobs)
    }
}
