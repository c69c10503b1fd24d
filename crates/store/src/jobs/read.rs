//! Looking at jobs: for the dashboard and for tests.

use std::str::FromStr;

use atc_core::{
    job::{AttemptEnd, JobId, JobKind, JobState, Queue},
    page::{Page, PageRequest},
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use super::{Jobs, time};
use crate::{Result, StoreError};

/// Where in the list of jobs one stands: its place in the order of adding.
pub type JobPosition = i64;

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// Its place in the order of adding.
    pub position: JobPosition,
    /// Its identity.
    pub id: JobId,
    /// Where it waits.
    pub queue: String,
    /// Which handler runs it.
    pub kind: String,
    /// What the handler is given, as JSON. May hold what not everyone should read.
    pub payload: String,
    /// How far it is.
    pub state: JobState,
    /// No other job of this key waits or runs beside it.
    pub unique_key: Option<String>,
    /// How many attempts have begun.
    pub attempt: u16,
    /// How many there may be.
    pub max_attempts: u16,
    /// How many workers died of it.
    pub deaths: u16,
    /// Not before this moment.
    pub run_at: DateTime<Utc>,
    /// Who runs it.
    pub worker: Option<String>,
    /// Until when it is that worker's.
    pub lease_until: Option<DateTime<Utc>>,
    /// How far the run is, in percent.
    pub progress: Option<u16>,
    /// What the run is doing.
    pub progress_note: Option<String>,
    /// Why the last attempt that failed did.
    pub last_error: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When its last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When nothing more was to be done.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One attempt at a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttempt {
    /// Which one; an attempt that was handed back shares its number with the next.
    pub number: u16,
    /// Who ran it.
    pub worker: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How many milliseconds the job had waited since its time came; `None` for attempts of programs
    /// that did not note it.
    pub waited_ms: Option<u64>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub end: Option<AttemptEnd>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Which jobs are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Of this queue.
    pub queue: Option<Queue>,
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<JobKind>,
}

/// How many jobs of a queue are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCount {
    /// The queue.
    pub queue: String,
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: u64,
}

/// What waits in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueWait {
    /// The queue.
    pub queue: String,
    /// How many of its ready jobs have their time behind them.
    pub due: u64,
    /// How many have it yet to come.
    pub later: u64,
    /// When the time of the job that waits longest came, or will come.
    pub first_run_at: DateTime<Utc>,
}

impl<C: ConnectionTrait> Jobs<'_, C> {
    /// One job.
    pub async fn find(&self, id: JobId) -> Result<Option<StoredJob>> {
        let statement = self.sql("SELECT * FROM jobs WHERE id = $1", [id.0.into()]);
        self.db.query_one_raw(statement).await?.as_ref().map(job).transpose()
    }

    /// How far the newest job of this unique key is, and why it last failed.
    pub async fn newest_of(&self, key: &str) -> Result<Option<(JobState, Option<String>)>> {
        // What waits or runs is found by the index; what is over, by looking through it.
        for among in ["IN", "NOT IN"] {
            let sql = format!(
                "SELECT state, last_error FROM jobs WHERE unique_key = $1 \
                 AND state {among} ('ready', 'running') ORDER BY number DESC LIMIT 1"
            );
            if let Some(row) = self.db.query_one_raw(self.sql(&sql, [key.into()])).await? {
                return Ok(Some((word(&row, "state")?, row.try_get("", "last_error")?)));
            }
        }
        Ok(None)
    }

    /// Jobs, newest first.
    pub async fn list(
        &self,
        filter: &JobFilter,
        page: PageRequest<JobPosition>,
    ) -> Result<Page<StoredJob, JobPosition>> {
        let mut conditions = vec!["1 = 1".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        let wanted = [
            ("queue", filter.queue.as_ref().map(Queue::as_str)),
            ("state", filter.state.map(JobState::as_str)),
            ("kind", filter.kind.as_ref().map(JobKind::as_str)),
        ];
        for (column, value) in wanted {
            if let Some(value) = value {
                values.push(value.into());
                conditions.push(format!("{column} = ${}", values.len()));
            }
        }
        let total = if page.include_total {
            let sql = format!("SELECT COUNT(*) FROM jobs WHERE {}", conditions.join(" AND "));
            let row = self.db.query_one_raw(self.sql(&sql, values.clone())).await?;
            row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?
        } else {
            None
        };
        if let Some(after) = page.after {
            values.push(after.into());
            conditions.push(format!("number < ${}", values.len()));
        }
        let sql = format!(
            "SELECT * FROM jobs WHERE {} ORDER BY number DESC LIMIT {}",
            conditions.join(" AND "),
            page.limit.get() + 1
        );
        let rows = self.db.query_all_raw(self.sql(&sql, values)).await?;
        let jobs = rows.iter().map(job).collect::<Result<Vec<_>>>()?;
        let mut page = Page::from_surplus(jobs, page.limit, |job| job.position);
        page.total = total.map(i64::unsigned_abs);
        Ok(page)
    }

    /// The attempts at a job, oldest first.
    pub async fn attempts(&self, id: JobId) -> Result<Vec<StoredAttempt>> {
        let statement = self.sql(
            "SELECT a.* FROM job_attempts a JOIN jobs j ON j.number = a.job_number \
             WHERE j.id = $1 ORDER BY a.number",
            [id.0.into()],
        );
        self.db.query_all_raw(statement).await?.iter().map(attempt).collect()
    }

    /// How many jobs of each queue are in each state; pairs without any are left out.
    pub async fn counts(&self) -> Result<Vec<QueueCount>> {
        let statement = self.sql(
            "SELECT queue, state, COUNT(*) AS jobs FROM jobs GROUP BY queue, state \
             ORDER BY queue, state",
            [],
        );
        let rows = self.db.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(QueueCount {
                    queue: row.try_get("", "queue")?,
                    state: word(row, "state")?,
                    count: row.try_get::<i64>("", "jobs")?.unsigned_abs(),
                })
            })
            .collect()
    }

    /// What waits in each queue; queues without a ready job are left out.
    pub async fn waits(&self) -> Result<Vec<QueueWait>> {
        let statement = self.sql(
            "SELECT queue, SUM(CASE WHEN run_at > {now} THEN 1 ELSE 0 END) AS later, \
             COUNT(*) AS ready, MIN(run_at) AS first_run_at FROM jobs WHERE state = 'ready' \
             GROUP BY queue ORDER BY queue",
            [],
        );
        let rows = self.db.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                let later = row.try_get::<i64>("", "later")?.unsigned_abs();
                let ready = row.try_get::<i64>("", "ready")?.unsigned_abs();
                Ok(QueueWait {
                    queue: row.try_get("", "queue")?,
                    due: ready.saturating_sub(later),
                    later,
                    first_run_at: time("jobs.run_at", row.try_get("", "first_run_at")?)?,
                })
            })
            .collect()
    }

    /// Whether a queue of this name was ever used: jobs wait or waited in it, or it was held.
    pub async fn knows_queue(&self, queue: &Queue) -> Result<bool> {
        let statement = self.sql(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE queue = $1) \
             OR EXISTS (SELECT 1 FROM job_queues WHERE name = $1)",
            [queue.as_str().into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index::<bool>(0)).transpose()?.unwrap_or(false))
    }

    /// The queues that are held.
    pub async fn paused_queues(&self) -> Result<Vec<String>> {
        let statement = self.sql("SELECT name FROM job_queues WHERE paused ORDER BY name", []);
        let rows = self.db.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

fn job(row: &QueryResult) -> Result<StoredJob> {
    Ok(StoredJob {
        position: row.try_get("", "number")?,
        id: JobId(row.try_get::<Uuid>("", "id")?),
        queue: row.try_get("", "queue")?,
        kind: row.try_get("", "kind")?,
        payload: row.try_get("", "payload")?,
        state: word(row, "state")?,
        unique_key: row.try_get("", "unique_key")?,
        attempt: count(row, "attempt")?,
        max_attempts: count(row, "max_attempts")?,
        deaths: count(row, "deaths")?,
        run_at: time("jobs.run_at", row.try_get("", "run_at")?)?,
        worker: row.try_get("", "worker")?,
        lease_until: moment(row, "lease_until")?,
        progress: row.try_get::<Option<i32>>("", "progress")?.map(clamped),
        progress_note: row.try_get("", "progress_note")?,
        last_error: row.try_get("", "last_error")?,
        created_at: time("jobs.created_at", row.try_get("", "created_at")?)?,
        started_at: moment(row, "started_at")?,
        finished_at: moment(row, "finished_at")?,
    })
}

fn attempt(row: &QueryResult) -> Result<StoredAttempt> {
    let ended: Option<String> = row.try_get("", "ended")?;
    Ok(StoredAttempt {
        number: count(row, "attempt")?,
        worker: row.try_get("", "worker")?,
        started_at: time("job_attempts.started_at", row.try_get("", "started_at")?)?,
        waited_ms: row.try_get::<Option<i64>>("", "waited_ms")?.map(|ms| ms.max(0).unsigned_abs()),
        ended_at: moment(row, "ended_at")?,
        end: match ended {
            Some(_) => Some(word(row, "ended")?),
            None => None,
        },
        error: row.try_get("", "error")?,
    })
}

/// A count out of bounds is shown at its bound: whoever looks for the fault must see the row.
fn count(row: &QueryResult, column: &'static str) -> Result<u16> {
    Ok(clamped(row.try_get("", column)?))
}

fn clamped(n: i32) -> u16 {
    u16::try_from(n.max(0)).unwrap_or(u16::MAX)
}

fn moment(row: &QueryResult, column: &'static str) -> Result<Option<DateTime<Utc>>> {
    row.try_get::<Option<i64>>("", column)?.map(|ms| time(column, ms)).transpose()
}

pub(super) fn word<T: FromStr>(row: &QueryResult, column: &'static str) -> Result<T> {
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|_| StoreError::unreadable(column, text))
}
