//! What a job is to the worker, and what its run has at hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use atc_core::{
    Error,
    job::{Attempt, Failure, USUAL_ATTEMPTS},
};
use atc_store::Tx;
use serde::{Serialize, de::DeserializeOwned};

use crate::App;

/// Work that is done beside the requests. The value itself is the payload, kept as JSON.
///
/// A job may run twice: its process can die after the work and before the answer. What it writes it
/// writes in a transaction that asks [`Run::guard`] first, or that ends with [`Run::finish`].
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is for, with the version of its payload: `file.process.v1`.
    const KIND: &'static str;
    /// Where it waits.
    const QUEUE: &'static str = "default";
    /// How often it is tried.
    const MAX_ATTEMPTS: u16 = USUAL_ATTEMPTS;
    /// How long one attempt may take.
    const TIMEOUT: Duration = Duration::from_mins(5);

    /// While another job of this key waits or runs, this one is not added.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// Does the work. The future is dropped at its next `await` when the lease is lost, the time is
    /// over, or the process ends.
    fn run(self, run: &Run) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What a run has at hand.
pub struct Run {
    pub(super) app: Arc<App>,
    pub(super) attempt: Attempt,
    pub(super) number: u16,
    pub(super) lease: Duration,
    pub(super) finished: AtomicBool,
}

impl Run {
    /// The application.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Which job and which attempt this is.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// How many attempts have begun; the first is 1.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Says how far the work is: 0 to 100 percent, and what is being done.
    ///
    /// # Errors
    /// Retry, when the job is somebody else's by now.
    pub async fn progress(&self, percent: u8, note: &str) -> Result<(), Failure> {
        let tx = self.app.store.begin().await.map_err(Error::from)?;
        self.progress_in(&tx, percent, note).await?;
        tx.commit().await.map_err(Error::from)?;
        Ok(())
    }

    /// The same in a transaction that writes more. It belongs before the other writes, for it makes
    /// sure that the job is still this run's.
    ///
    /// # Errors
    /// Retry, when the job is somebody else's by now: drop the transaction.
    pub async fn progress_in(&self, tx: &Tx, percent: u8, note: &str) -> Result<(), Failure> {
        let held = tx.jobs().progress(self.attempt, percent, note).await.map_err(Error::from)?;
        if held { Ok(()) } else { Err(lost()) }
    }

    /// Makes sure that the job is still this run's, until the transaction ends. Call it before the
    /// first write.
    ///
    /// # Errors
    /// Retry, when the job is somebody else's by now: drop the transaction.
    pub async fn guard(&self, tx: &Tx) -> Result<(), Failure> {
        let held = tx.jobs().heartbeat(self.attempt, self.lease).await.map_err(Error::from)?;
        if held { Ok(()) } else { Err(lost()) }
    }

    /// Ends the job in the transaction of its last writes, and commits: they are seen together with
    /// its end, or never.
    ///
    /// # Errors
    /// Retry, when the job is somebody else's by now; nothing is written then.
    pub async fn finish(&self, tx: Tx) -> Result<(), Failure> {
        if !tx.jobs().complete(self.attempt).await.map_err(Error::from)? {
            return Err(lost());
        }
        tx.commit().await.map_err(Error::from)?;
        self.finished.store(true, Ordering::Release);
        Ok(())
    }
}

fn lost() -> Failure {
    Failure::retry("The job was taken over, cancelled, or is over.")
}
