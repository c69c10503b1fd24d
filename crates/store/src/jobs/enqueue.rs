//! Adding jobs, in the transaction that makes them necessary.

use atc_core::job::{Enqueued, JobId, NewJob};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::Jobs;
use crate::{Result, StoreError};

/// A job that stands in the way may end between two statements; more often than this is no chance.
const MOST_TRIES: usize = 5;

impl Jobs<'_, DatabaseTransaction> {
    /// Adds a job, unless one of the same unique key waits or runs. It is seen by workers when the
    /// transaction commits, and never if it does not.
    pub async fn enqueue(&self, new: &NewJob) -> Result<Enqueued> {
        for _ in 0..MOST_TRIES {
            let added = self
                .change(
                    "INSERT INTO jobs (id, queue, kind, payload, state, unique_key, attempt, \
                     max_attempts, deaths, run_at, created_at) \
                     VALUES ($1, $2, $3, $4, 'ready', $5, 0, $6, 0, COALESCE($7, {now}), {now}) \
                     ON CONFLICT (unique_key) WHERE state IN ('ready', 'running') DO NOTHING",
                    [
                        new.id.0.into(),
                        new.queue.as_str().into(),
                        new.kind.as_str().into(),
                        new.payload.as_str().into(),
                        new.unique_key.clone().into(),
                        i32::from(new.max_attempts.max(1)).into(),
                        new.run_at.map(|at| at.timestamp_millis()).into(),
                    ],
                )
                .await?;
            if added == 1 {
                return Ok(Enqueued::Added(new.id));
            }
            let present = self.sql(
                "SELECT id FROM jobs WHERE unique_key = $1 AND state IN ('ready', 'running')",
                [new.unique_key.clone().into()],
            );
            if let Some(row) = self.db.query_one_raw(present).await? {
                let id: Uuid = row.try_get_by_index(0)?;
                return Ok(Enqueued::Present(JobId(id)));
            }
        }
        Err(StoreError::Taken("jobs.unique_key".to_owned()))
    }
}
