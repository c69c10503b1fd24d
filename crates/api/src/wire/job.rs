//! Jobs.

use atc_app::{JobDetail, StoredAttempt, StoredJob};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AttemptEnd, JobState};

/// A job: work beside the requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "queue": "default", "kind": "system.sweep.v1",
    "state": "dead", "unique_key": null, "attempt": 5, "max_attempts": 5, "deaths": 0,
    "run_at": "2026-01-31T12:00:00Z", "worker": null, "lease_until": null, "progress": null,
    "progress_note": null, "last_error": "The database is not available.",
    "created_at": "2026-01-31T11:00:00Z", "started_at": "2026-01-31T12:00:00Z",
    "finished_at": "2026-01-31T12:00:01Z"
}))]
pub(crate) struct JobBody {
    /// Its identity.
    id: Uuid,
    /// Where it waits.
    queue: String,
    /// What it is for, with the version of its payload.
    kind: String,
    /// How far it is.
    state: JobState,
    /// No other job of this key waits or runs beside it.
    unique_key: Option<String>,
    /// How many attempts have begun.
    attempt: u16,
    /// How many there may be.
    max_attempts: u16,
    /// How many workers were lost with it; after three it is dead.
    deaths: u16,
    /// Not before this moment.
    run_at: DateTime<Utc>,
    /// Who runs it.
    worker: Option<String>,
    /// Until when it is that worker's, unless it gives a sign.
    lease_until: Option<DateTime<Utc>>,
    /// How far the run is, in percent.
    #[schema(maximum = 100)]
    progress: Option<u16>,
    /// What the run is doing.
    progress_note: Option<String>,
    /// Why the last attempt that failed did.
    last_error: Option<String>,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When its last attempt began.
    started_at: Option<DateTime<Utc>>,
    /// When nothing more was to be done.
    finished_at: Option<DateTime<Utc>>,
}

impl From<StoredJob> for JobBody {
    fn from(job: StoredJob) -> Self {
        Self {
            id: job.id.0,
            queue: job.queue,
            kind: job.kind,
            state: job.state.into(),
            unique_key: job.unique_key,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            deaths: job.deaths,
            run_at: job.run_at,
            worker: job.worker,
            lease_until: job.lease_until,
            progress: job.progress,
            progress_note: job.progress_note,
            last_error: job.last_error,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }
}

/// A job with its payload and its history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobDetail, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "queue": "default", "kind": "system.sweep.v1",
    "state": "failed", "unique_key": null, "attempt": 1, "max_attempts": 5, "deaths": 0,
    "run_at": "2026-01-31T12:00:00Z", "worker": null, "lease_until": null, "progress": null,
    "progress_note": null, "last_error": "There is no such file.",
    "created_at": "2026-01-31T11:00:00Z", "started_at": "2026-01-31T12:00:00Z",
    "finished_at": "2026-01-31T12:00:01Z",
    "payload": {"file_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12", "token": "[redacted]"},
    "attempts": [{
        "number": 1, "worker": "4711-5d8a1c11", "started_at": "2026-01-31T12:00:00Z",
        "ended_at": "2026-01-31T12:00:01Z", "waited_ms": 12, "end": "failed",
        "error": "There is no such file."
    }]
}))]
pub(crate) struct JobDetailBody {
    #[serde(flatten)]
    job: JobBody,
    /// What its handler is given. What may be a secret is left out.
    #[schema(value_type = Object)]
    payload: Value,
    /// The attempts at it, oldest first; of many, the newest hundred.
    attempts: Vec<AttemptBody>,
}

/// One attempt at a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobAttempt, example = json!({
    "number": 1, "worker": "4711-5d8a1c11", "started_at": "2026-01-31T12:00:00Z",
    "ended_at": "2026-01-31T12:00:01Z", "waited_ms": 12, "end": "failed",
    "error": "There is no such file."
}))]
struct AttemptBody {
    /// Which one; an attempt that was handed back shares its number with the next.
    number: u16,
    /// Who ran it.
    worker: String,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended; `null` while it runs.
    ended_at: Option<DateTime<Utc>>,
    /// How long the job had waited since its time had come.
    waited_ms: Option<u64>,
    /// How it ended.
    end: Option<AttemptEnd>,
    /// Why it failed.
    error: Option<String>,
}

impl From<JobDetail> for JobDetailBody {
    fn from(detail: JobDetail) -> Self {
        // Redaction gives JSON.
        let payload = serde_json::from_str(&detail.job.payload).unwrap_or_default();
        let attempts = detail.attempts.into_iter().map(AttemptBody::from).collect();
        Self { payload, attempts, job: detail.job.into() }
    }
}

impl From<StoredAttempt> for AttemptBody {
    fn from(attempt: StoredAttempt) -> Self {
        Self {
            number: attempt.number,
            worker: attempt.worker,
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            waited_ms: attempt.waited_ms,
            end: attempt.end.map(Into::into),
            error: attempt.error,
        }
    }
}
