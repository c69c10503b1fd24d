//! What a run writes about its job. Every statement names the attempt: after another worker took
//! the job over, nothing of the first one counts.

use std::time::Duration;

use atc_core::job::{Attempt, AttemptEnd, JobState};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::{Jobs, ms};
use crate::{Result, StoreError};

/// The job of `$1` as long as attempt `$2` holds it.
pub(super) const HELD: &str = "id = $1 AND token = $2 AND state = 'running'";

impl Jobs<'_, DatabaseTransaction> {
    /// Extends the lease. `false` says that the job is somebody else's now, or nobody's: the run
    /// must end and write nothing. Within a transaction it also keeps the job until that commits.
    pub async fn heartbeat(&self, attempt: Attempt, lease: Duration) -> Result<bool> {
        let sql = format!("UPDATE jobs SET lease_until = {{now}} + $3 WHERE {HELD}");
        Ok(self.change(&sql, with(attempt, [ms(lease).into()])).await? == 1)
    }

    /// Says how far the run is: 0 to 100 percent, and what is being done. `false` as above.
    pub async fn progress(&self, attempt: Attempt, percent: u8, note: &str) -> Result<bool> {
        let sql = format!("UPDATE jobs SET progress = $3, progress_note = $4 WHERE {HELD}");
        let values = [i32::from(percent.min(100)).into(), note.into()];
        Ok(self.change(&sql, with(attempt, values)).await? == 1)
    }

    /// The job is done. `false` as above.
    pub async fn complete(&self, attempt: Attempt) -> Result<bool> {
        let set = "state = 'done', finished_at = {now}";
        let state = self.end(attempt, set, [], AttemptEnd::Done, None).await?;
        Ok(state.is_some())
    }

    /// The run failed in a way that may pass: it is tried again after `wait`, or dead where its
    /// attempts are used up. Gives what became of it; `None` when the attempt holds it no more.
    pub async fn retry_later(
        &self,
        attempt: Attempt,
        wait: Duration,
        error: &str,
    ) -> Result<Option<JobState>> {
        let set = "state = CASE WHEN attempt >= max_attempts THEN 'dead' ELSE 'ready' END, \
                   run_at = {now} + $3, last_error = $4, \
                   finished_at = CASE WHEN attempt >= max_attempts THEN {now} END";
        let values = [ms(wait).into(), error.into()];
        self.end(attempt, set, values, AttemptEnd::Retry, Some(error)).await
    }

    /// The run failed for good. `false` as above.
    pub async fn fail(&self, attempt: Attempt, error: &str) -> Result<bool> {
        let set = "state = 'failed', finished_at = {now}, last_error = $3";
        let end = self.end(attempt, set, [error.into()], AttemptEnd::Failed, Some(error)).await?;
        Ok(end.is_some())
    }

    /// Gives the job back because this worker ends; the attempt is not counted. `false` as above.
    pub async fn hand_back(&self, attempt: Attempt) -> Result<bool> {
        let set = "state = 'ready', run_at = {now}, attempt = attempt - 1";
        let state = self.end(attempt, set, [], AttemptEnd::HandedBack, None).await?;
        Ok(state.is_some())
    }

    async fn end(
        &self,
        attempt: Attempt,
        set: &str,
        values: impl IntoIterator<Item = Value>,
        end: AttemptEnd,
        error: Option<&str>,
    ) -> Result<Option<JobState>> {
        self.end_where(attempt, HELD, set, values, end, error).await
    }

    /// Ends an attempt of which `condition` is true, and writes its history.
    pub(super) async fn end_where(
        &self,
        attempt: Attempt,
        condition: &str,
        set: &str,
        values: impl IntoIterator<Item = Value>,
        end: AttemptEnd,
        error: Option<&str>,
    ) -> Result<Option<JobState>> {
        let sql = format!(
            "UPDATE jobs SET {set}, token = NULL, worker = NULL, lease_until = NULL \
             WHERE {condition} RETURNING number, state"
        );
        let statement = self.sql(&sql, with(attempt, values));
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        let number: i64 = row.try_get("", "number")?;
        let state: String = row.try_get("", "state")?;
        self.change(
            "UPDATE job_attempts SET ended_at = {now}, ended = $3, error = $4 \
             WHERE job_number = $1 AND token = $2",
            [
                number.into(),
                attempt.token.0.into(),
                end.as_str().into(),
                error.map(str::to_owned).into(),
            ],
        )
        .await?;
        state.parse().map(Some).map_err(|_| StoreError::unreadable("jobs.state", state))
    }
}

fn with(attempt: Attempt, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut values = vec![attempt.job.0.into(), attempt.token.0.into()];
    values.extend(more);
    values
}
