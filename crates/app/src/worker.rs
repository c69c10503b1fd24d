//! The worker: runs jobs from the table, each in a place of its queue, with no transaction open.
//!
//! A job is a type with constants and one `run`; see `docs/adding-a-job.md`. Whatever happens to this
//! process, its jobs come back: by being handed back when it ends, by their lease when it is killed.

mod clock;
mod dispatch;
mod job;
mod presence;
mod reap;
mod registry;
mod schedule;
mod supervise;
mod sweep;

use std::{sync::Arc, time::Duration};

use atc_core::{Error, Result, ports::BoxFuture};

pub use job::{Job, Run};
pub use registry::{Registry, RegistryError};

use crate::{
    App,
    agents::{ReadBeside, RunReplay},
    audit::SealAudit,
    files::{ProcessFile, SettleFiles, SweepBlobs, SweepUploads},
    tickets::{AdviseTicket, TriageAgain},
    webhooks::{DeliverWebhook, SettleDeliveries},
};

/// How often schedules are looked at; patterns know no seconds here.
const SCHEDULES_EVERY: Duration = Duration::from_secs(5);

/// The jobs of this program.
fn jobs() -> Result<Registry, RegistryError> {
    Registry::new()
        .scheduled(sweep::CRON, &sweep::Sweep {})?
        .scheduled(SettleFiles::CRON, &SettleFiles {})?
        .scheduled(SealAudit::CRON, &SealAudit {})?
        .scheduled(SettleDeliveries::CRON, &SettleDeliveries {})?
        .scheduled(SweepBlobs::CRON, &SweepBlobs {})?
        .scheduled(SweepUploads::CRON, &SweepUploads {})?
        .with::<ProcessFile>()?
        .with::<TriageAgain>()?
        .with::<AdviseTicket>()?
        .with::<ReadBeside>()?
        .with::<RunReplay>()?
        .with::<DeliverWebhook>()
}

impl App {
    /// Starts running the jobs of this program.
    pub(crate) fn start_own_worker(self: &Arc<Self>) {
        match jobs() {
            Ok(registry) => self.start_worker(registry),
            Err(e) => tracing::error!(error = &e as &dyn std::error::Error, "no job is run"),
        }
    }

    /// Starts running the jobs that the registry knows. Ends with [`App::shut_down`], which hands
    /// back what runs.
    pub fn start_worker(self: &Arc<Self>, registry: Registry) {
        let registry = Arc::new(registry);
        let poll = Duration::from_millis(self.config.background_poll_ms);
        let worker = dispatch::name(self.new_id());
        dispatch::start(self, &registry, &worker, poll);
        presence::start(self, &registry, worker);
        let lease = Duration::from_millis(self.config.job_lease_ms);
        let last_seen = Arc::new(clock::LastSeen::default());
        self.spawn_every("reap", poll.min(lease / 3), move |app| {
            let last_seen = Arc::clone(&last_seen);
            Box::pin(async move {
                app.mind_the_clock(&last_seen).await?;
                app.reap_jobs().await
            })
        });
        self.spawn_every("schedule", SCHEDULES_EVERY.min(poll), move |app| {
            let registry = Arc::clone(&registry);
            Box::pin(async move { app.enqueue_scheduled(&registry).await })
        });
    }

    /// A job to be added with `tx.jobs().enqueue`, in the transaction that makes it necessary.
    ///
    /// # Errors
    /// Internal, when its payload cannot be written as JSON or one of its names is illegal.
    pub fn new_job<J: Job>(&self, job: &J) -> Result<atc_core::job::NewJob> {
        registry::new_job(self, job).map_err(Error::internal)
    }

    fn spawn_every(
        self: &Arc<Self>,
        name: &'static str,
        every: Duration,
        work: impl Fn(Arc<App>) -> BoxFuture<'static, Result<()>> + Send + 'static,
    ) {
        let app = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = app.shutdown.cancelled() => return,
                    done = work(Arc::clone(&app)) => if let Err(e) = done {
                        tracing::warn!(task = name, error = &e as &dyn std::error::Error,
                            "work for jobs failed; it is tried again");
                    }
                }
                tokio::select! {
                    () = app.shutdown.cancelled() => return,
                    () = tokio::time::sleep(every) => {}
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_jobs_of_this_program_are_legal() {
        super::jobs().unwrap();
    }
}
