//! Queues, workers, and how they fare.

use std::collections::BTreeMap;

use atc_app::{HistoryPoint, JobCounts, JobHistory, JobsOverview, QueueOverview, WorkerOverview};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{HistoryWindow, JobBody};

/// A queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue, example = json!({
    "name": "default", "paused": false,
    "counts": {"ready": 3, "running": 1, "done": 40, "failed": 0, "dead": 1, "cancelled": 0},
    "later": 2, "oldest_wait_s": 4, "places": 2
}))]
pub(crate) struct QueueBody {
    /// Its name.
    name: String,
    /// Whether it is held: what waits in it is not begun.
    paused: bool,
    /// Its jobs by their state.
    counts: JobCountsBody,
    /// How many of those that are ready have their time yet to come.
    later: u64,
    /// For how many seconds the job waits whose time came first.
    oldest_wait_s: Option<u64>,
    /// How many jobs the workers that live run of it at the same time.
    places: u64,
}

/// How many jobs are in each state. Jobs that were done or cancelled are forgotten after a week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobCounts, example = json!({
    "ready": 3, "running": 1, "done": 40, "failed": 0, "dead": 1, "cancelled": 0
}))]
struct JobCountsBody {
    /// They wait for their time and for a place.
    ready: u64,
    /// A worker has them.
    running: u64,
    /// They were done.
    done: u64,
    /// Trying again is pointless.
    failed: u64,
    /// Their attempts are used up.
    dead: u64,
    /// A person stopped them.
    cancelled: u64,
}

impl From<JobCounts> for JobCountsBody {
    fn from(counts: JobCounts) -> Self {
        let JobCounts { ready, running, done, failed, dead, cancelled } = counts;
        Self { ready, running, done, failed, dead, cancelled }
    }
}

impl From<QueueOverview> for QueueBody {
    fn from(queue: QueueOverview) -> Self {
        Self {
            name: queue.name,
            paused: queue.paused,
            counts: queue.counts.into(),
            later: queue.later,
            oldest_wait_s: queue.oldest_wait_s,
            places: queue.places,
        }
    }
}

/// A worker.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Worker, example = json!({
    "name": "4711-5d8a1c11", "host": "tickets-1", "places": {"default": 2},
    "started_at": "2026-01-31T09:00:00Z", "seen_at": "2026-01-31T12:00:00Z", "alive": true,
    "running": []
}))]
struct WorkerBody {
    /// The number of its process, and a part that is its own.
    name: String,
    /// The machine that it runs on.
    host: String,
    /// Which queues it serves, with how many places each.
    places: BTreeMap<String, u16>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it last gave a sign.
    seen_at: DateTime<Utc>,
    /// Whether that was recently enough; workers that were lost are listed for an hour.
    alive: bool,
    /// What it runs, newest first.
    running: Vec<JobBody>,
}

impl From<WorkerOverview> for WorkerBody {
    fn from(worker: WorkerOverview) -> Self {
        Self {
            name: worker.name,
            host: worker.host,
            places: worker.places,
            started_at: worker.started_at,
            seen_at: worker.seen_at,
            alive: worker.alive,
            running: worker.running.into_iter().map(JobBody::from).collect(),
        }
    }
}

/// What happened in one slot of time. Times are estimated from counts, to a step of about a third.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobHistoryPoint, example = json!({
    "at": "2026-01-31T12:00:00Z", "done": 120, "failed": 1, "run_p50_ms": 18.0,
    "run_p95_ms": 240.5, "wait_p95_ms": 4.2
}))]
struct HistoryPointBody {
    /// When the slot begins.
    at: DateTime<Utc>,
    /// Attempts that did their job.
    done: u64,
    /// Attempts that failed or whose worker was lost.
    failed: u64,
    /// How long half of these attempts ran at most.
    run_p50_ms: Option<f64>,
    /// How long 95 in 100 of them ran at most.
    run_p95_ms: Option<f64>,
    /// How long 95 in 100 of their jobs had waited at most since their time had come.
    wait_p95_ms: Option<f64>,
}

impl From<&HistoryPoint> for HistoryPointBody {
    fn from(point: &HistoryPoint) -> Self {
        Self {
            at: point.at,
            done: point.done,
            failed: point.failed,
            run_p50_ms: point.run_p50_ms,
            run_p95_ms: point.run_p95_ms,
            wait_p95_ms: point.wait_p95_ms,
        }
    }
}

/// Throughput and latency over time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobHistory, example = json!({
    "window": "hour", "slot_s": 60, "points": [{
        "at": "2026-01-31T12:00:00Z", "done": 120, "failed": 1, "run_p50_ms": 18.0,
        "run_p95_ms": 240.5, "wait_p95_ms": 4.2
    }]
}))]
struct JobHistoryBody {
    /// How far it goes back.
    window: HistoryWindow,
    /// How long a slot is, in seconds.
    slot_s: u64,
    /// Every slot, oldest first; the last one is not over yet.
    points: Vec<HistoryPointBody>,
}

impl From<&JobHistory> for JobHistoryBody {
    fn from(history: &JobHistory) -> Self {
        Self {
            window: history.window.into(),
            slot_s: history.window.slot().as_secs(),
            points: history.points.iter().map(HistoryPointBody::from).collect(),
        }
    }
}

/// How the queues and their workers fare.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobsOverview, example = json!({
    "at": "2026-01-31T12:00:00Z",
    "queues": [{
        "name": "default", "paused": false,
        "counts": {"ready": 3, "running": 1, "done": 40, "failed": 0, "dead": 1, "cancelled": 0},
        "later": 2, "oldest_wait_s": 4, "places": 2
    }],
    "workers": [{
        "name": "4711-5d8a1c11", "host": "tickets-1", "places": {"default": 2},
        "started_at": "2026-01-31T09:00:00Z", "seen_at": "2026-01-31T12:00:00Z", "alive": true,
        "running": []
    }],
    "history": {"window": "hour", "slot_s": 60, "points": []}
}))]
pub(crate) struct JobsOverviewBody {
    /// When it was so.
    at: DateTime<Utc>,
    /// The queues, by name.
    queues: Vec<QueueBody>,
    /// The workers, oldest first.
    workers: Vec<WorkerBody>,
    /// Throughput and latency over time.
    history: JobHistoryBody,
}

impl From<JobsOverview> for JobsOverviewBody {
    fn from(overview: JobsOverview) -> Self {
        Self {
            at: overview.at,
            queues: overview.queues.into_iter().map(QueueBody::from).collect(),
            workers: overview.workers.into_iter().map(WorkerBody::from).collect(),
            history: (&*overview.history).into(),
        }
    }
}
