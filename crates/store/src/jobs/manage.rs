//! What administrators do with jobs.

use atc_core::job::{JobId, Queue};
use sea_orm::DatabaseTransaction;

use super::Jobs;
use crate::Result;

impl Jobs<'_, DatabaseTransaction> {
    /// Stops a job that waits or runs; its run notices at its next heartbeat, and writes nothing any
    /// more. `false` when there is no such job or it is over.
    pub async fn cancel(&self, id: JobId) -> Result<bool> {
        let cancelled = self
            .change(
                "UPDATE jobs SET state = 'cancelled', token = NULL, worker = NULL, \
                 lease_until = NULL, finished_at = {now} \
                 WHERE id = $1 AND state IN ('ready', 'running')",
                [id.0.into()],
            )
            .await?;
        if cancelled == 1 {
            self.change(
                "UPDATE job_attempts SET ended_at = {now}, ended = 'cancelled' \
                 WHERE ended_at IS NULL \
                 AND job_number = (SELECT number FROM jobs WHERE id = $1)",
                [id.0.into()],
            )
            .await?;
        }
        Ok(cancelled == 1)
    }

    /// Has a job that failed, is dead or was cancelled tried again at once, with all its attempts
    /// before it. `false` when there is no such job.
    ///
    /// # Errors
    /// Taken, when another job of its unique key waits or runs.
    pub async fn retry_now(&self, id: JobId) -> Result<bool> {
        let changed = self
            .change(
                "UPDATE jobs SET state = 'ready', attempt = 0, deaths = 0, run_at = {now}, \
                 finished_at = NULL, progress = NULL, progress_note = NULL \
                 WHERE id = $1 AND state IN ('failed', 'dead', 'cancelled')",
                [id.0.into()],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Has a job that waits for its time done at once. `false` when no such job waits.
    pub async fn bring_forward(&self, id: JobId) -> Result<bool> {
        let sql = "UPDATE jobs SET run_at = {now} WHERE id = $1 AND state = 'ready'";
        Ok(self.change(sql, [id.0.into()]).await? == 1)
    }

    /// Deletes a job with its history, unless it runs. `false` when there is no such job.
    pub async fn delete(&self, id: JobId) -> Result<bool> {
        let sql = "DELETE FROM jobs WHERE id = $1 AND state <> 'running'";
        Ok(self.change(sql, [id.0.into()]).await? == 1)
    }

    /// Holds a queue, or lets it go on. What runs is not touched.
    pub async fn set_paused(&self, queue: &Queue, paused: bool) -> Result<()> {
        self.change(
            "INSERT INTO job_queues (name, paused) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
            [queue.as_str().into(), paused.into()],
        )
        .await?;
        Ok(())
    }
}
