//! Taking jobs to run them.

use std::time::Duration;

use atc_core::job::{Attempt, AttemptToken, JobId, JobKind, Queue};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};
use uuid::Uuid;

use super::{Jobs, ms, small};
use crate::{Result, StoreError, db::dialect};

/// Who takes jobs, and which.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// Where they wait.
    pub queue: &'a Queue,
    /// Kinds that this program can run. All others are left to programs that know them.
    pub kinds: &'a [JobKind],
    /// At most so many.
    pub limit: u16,
    /// For how long they are this worker's unless it extends the lease.
    pub lease: Duration,
    /// Stands for these attempts; never used before.
    pub token: AttemptToken,
    /// The worker's name, for people.
    pub worker: &'a str,
}

/// A job that this worker may run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The right to run it.
    pub attempt: Attempt,
    /// What it is for.
    pub kind: String,
    /// What its handler is given, as JSON.
    pub payload: String,
    /// Which attempt this is; the first is 1.
    pub number: u16,
    /// How many there may be.
    pub max_attempts: u16,
}

impl Jobs<'_, DatabaseTransaction> {
    /// Takes jobs whose time has come, those that wait longest first. Each attempt is counted here,
    /// so that a job that kills its worker is not tried for ever. A row that cannot be read is
    /// failed and does not hold up the others.
    pub async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<ClaimedJob>> {
        if claim.kinds.is_empty() || claim.limit == 0 {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = vec![
            claim.queue.as_str().into(),
            i64::from(claim.limit).into(),
            claim.token.0.into(),
            claim.worker.into(),
            ms(claim.lease).into(),
        ];
        let mut kinds = Vec::with_capacity(claim.kinds.len());
        for kind in claim.kinds {
            values.push(kind.as_str().into());
            kinds.push(format!("${}", values.len()));
        }
        // `FOR UPDATE` keeps PostgreSQL from asking the inner question more than once.
        let sql = format!(
            "WITH next AS MATERIALIZED (SELECT number FROM jobs \
             WHERE state = 'ready' AND queue = $1 AND run_at <= {{now}} AND kind IN ({}) \
             AND NOT EXISTS (SELECT 1 FROM job_queues WHERE name = $1 AND paused) \
             ORDER BY run_at, number LIMIT $2 {}) \
             UPDATE jobs SET state = 'running', attempt = attempt + 1, token = $3, worker = $4, \
             lease_until = {{now}} + $5, started_at = {{now}}, progress = NULL, progress_note = NULL \
             WHERE number IN (SELECT number FROM next) \
             RETURNING number, id, kind, payload, attempt, max_attempts",
            kinds.join(", "),
            dialect::skip_locked(self.engine),
        );
        let rows = self.db.query_all_raw(self.sql(&sql, values)).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let number: i64 = row.try_get("", "number")?;
            match read(row, claim.token) {
                Ok(job) => {
                    self.note_attempt(number, claim, job.number).await?;
                    claimed.push((number, job));
                }
                Err(e) => {
                    tracing::error!(number, error = %e, "an unreadable job is put aside");
                    self.put_aside(number, &e).await?;
                }
            }
        }
        // The order of what is returned is nobody's promise.
        claimed.sort_by_key(|(number, _)| *number);
        Ok(claimed.into_iter().map(|(_, job)| job).collect())
    }

    async fn note_attempt(&self, number: i64, claim: &Claim<'_>, attempt: u16) -> Result<()> {
        self.change(
            "INSERT INTO job_attempts (job_number, token, attempt, worker, started_at, waited_ms) \
             VALUES ($1, $2, $3, $4, {now}, {now} - (SELECT run_at FROM jobs WHERE number = $1))",
            [number.into(), claim.token.0.into(), i32::from(attempt).into(), claim.worker.into()],
        )
        .await?;
        Ok(())
    }

    async fn put_aside(&self, number: i64, why: &StoreError) -> Result<()> {
        self.change(
            "UPDATE jobs SET state = 'failed', token = NULL, worker = NULL, lease_until = NULL, \
             last_error = $2, finished_at = {now} WHERE number = $1",
            [number.into(), why.to_string().into()],
        )
        .await?;
        Ok(())
    }
}

fn read(row: &QueryResult, token: AttemptToken) -> Result<ClaimedJob> {
    let id: Uuid = row.try_get("", "id")?;
    Ok(ClaimedJob {
        attempt: Attempt { job: JobId(id), token },
        kind: row.try_get("", "kind")?,
        payload: row.try_get("", "payload")?,
        number: small("jobs.attempt", row.try_get("", "attempt")?)?,
        max_attempts: small("jobs.max_attempts", row.try_get("", "max_attempts")?)?,
    })
}
