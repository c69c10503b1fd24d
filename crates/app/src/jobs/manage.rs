//! What administrators do with jobs and queues. The log says who did it.

use atc_core::{Ctx, Error, Result, job::JobId, job::JobState, job::Queue, ports::Wake};
use atc_store::Tx;

use super::JobDetail;
use crate::App;

impl App {
    /// Has a job that failed, is dead or was cancelled tried again at once.
    ///
    /// # Errors
    /// Not found; a conflict when it is in another state, or when another job of its key waits or
    /// runs.
    pub async fn retry_job(&self, ctx: &Ctx, id: JobId) -> Result<JobDetail> {
        let tx = self.store.begin().await?;
        let retried = tx.jobs().retry_now(id).await.map_err(|e| {
            if e.is_taken("unique_key") {
                let detail = "Another job for the same thing waits or runs already.";
                return Error::conflict(detail).with_source(e);
            }
            e.into()
        })?;
        if !retried {
            return Err(refusal(&tx, id, "Only a job that ended without success is retried").await);
        }
        tx.commit().await?;
        self.wake(Wake::Jobs);
        tracing::info!(job = %id, by = %ctx.caller.user_id, "a job is retried");
        self.get_job(id).await
    }

    /// Stops a job that waits or runs. Its run notices at its next heartbeat, and writes nothing any
    /// more from now on.
    ///
    /// # Errors
    /// Not found; a conflict when it is over.
    pub async fn cancel_job(&self, ctx: &Ctx, id: JobId) -> Result<JobDetail> {
        let tx = self.store.begin().await?;
        if !tx.jobs().cancel(id).await? {
            return Err(refusal(&tx, id, "Only a job that waits or runs is cancelled").await);
        }
        self.settle_after_end(&tx).await?;
        tx.commit().await?;
        self.wake(Wake::Jobs);
        tracing::info!(job = %id, by = %ctx.caller.user_id, "a job was cancelled");
        self.get_job(id).await
    }

    /// Deletes a job with its history.
    ///
    /// # Errors
    /// Not found; a conflict while it runs.
    pub async fn delete_job(&self, ctx: &Ctx, id: JobId) -> Result<()> {
        let tx = self.store.begin().await?;
        if !tx.jobs().delete(id).await? {
            return Err(refusal(&tx, id, "A job is deleted once it does not run").await);
        }
        tx.commit().await?;
        tracing::info!(job = %id, by = %ctx.caller.user_id, "a job was deleted");
        Ok(())
    }

    /// Holds a queue, or lets it go on. What runs is not touched.
    ///
    /// # Errors
    /// Not found, when nothing ever waited in a queue of this name and no worker serves it.
    pub async fn set_queue_paused(&self, ctx: &Ctx, queue: &Queue, paused: bool) -> Result<()> {
        if !self.is_queue(queue).await? {
            return Err(Error::not_found("queue"));
        }
        let tx = self.store.begin().await?;
        tx.jobs().set_paused(queue, paused).await?;
        tx.commit().await?;
        if !paused {
            self.wake(Wake::Jobs);
        }
        tracing::info!(%queue, paused, by = %ctx.caller.user_id, "a queue was held or let go on");
        Ok(())
    }

    async fn is_queue(&self, queue: &Queue) -> Result<bool> {
        if self.store.jobs().knows_queue(queue).await? {
            return Ok(true);
        }
        let workers = self.store.jobs().workers().await?;
        Ok(workers.iter().any(|worker| worker.places.contains_key(queue.as_str())))
    }
}

/// Why a job was not changed: it is not there, or in a state in which this makes no sense.
async fn refusal(tx: &Tx, id: JobId, rule: &str) -> Error {
    match tx.jobs().find(id).await {
        Ok(Some(job)) => Error::conflict(format!("{rule}; this one {}.", present(job.state))),
        Ok(None) => Error::not_found("job"),
        Err(e) => e.into(),
    }
}

const fn present(state: JobState) -> &'static str {
    match state {
        JobState::Ready => "waits",
        JobState::Running => "runs",
        JobState::Done => "is done",
        JobState::Failed => "failed",
        JobState::Dead => "is dead",
        JobState::Cancelled => "was cancelled",
    }
}
