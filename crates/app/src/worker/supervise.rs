//! One run: its time, its lease, its end.

use std::{
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use atc_core::{
    Result,
    job::{Backoff, Failure, JobState, Queue},
    observe::TRACES,
};
use atc_store::ClaimedJob;
use tokio::{
    task::{JoinError, JoinHandle},
    time::{Instant, MissedTickBehavior},
};
use tracing::{Instrument, Span, field::Empty};

use super::{Registry, Run};
use crate::{App, trace};

/// How long to wait before the end of a run is written again that could not be written.
const WRITE_AGAIN: Duration = Duration::from_millis(500);

/// How a run ended.
enum End {
    Done,
    Failed(Failure),
    /// The job is not this run's any more: nothing is to be written.
    Lost,
    /// The process ends.
    HandBack,
}

type Task = JoinHandle<Result<(), Failure>>;

/// Runs a job to its end, and writes that down.
pub(super) async fn run(app: Arc<App>, registry: Arc<Registry>, job: ClaimedJob) {
    // Only known kinds are claimed.
    let Some(handler) = registry.handler(&job.kind) else { return };
    let run = Arc::new(Run {
        app: Arc::clone(&app),
        attempt: job.attempt,
        number: job.number,
        lease: Duration::from_millis(app.config.job_lease_ms),
        finished: AtomicBool::new(false),
    });
    let span = span(&job, &handler.queue);
    let started = Instant::now();
    let running = metrics::gauge!("jobs_running", "kind" => job.kind.clone());
    running.increment(1);
    // A task of its own, so that its panic ends nothing else.
    let work = (handler.start)(Arc::clone(&run), job.payload.clone());
    let mut task = app.tasks.spawn(work.instrument(span.clone()));
    let mut held_until = started + run.lease;
    let end = watch(&run, &mut task, handler.timeout, &mut held_until).await;
    metrics::histogram!("job_seconds", "kind" => job.kind.clone()).record(started.elapsed());
    running.decrement(1);
    let end = if run.finished.load(Ordering::Acquire) {
        // The run ended its job itself, together with its last writes.
        Some("done")
    } else {
        write_end(&app, &job, &end, held_until).instrument(span.clone()).await
    };
    if let Some(end) = end {
        metrics::counter!("jobs_total", "kind" => job.kind.clone(), "end" => end).increment(1);
        span.record("job.end", end);
        if matches!(end, "retry" | "failed" | "dead") {
            span.record("otel.status_code", "error");
        }
    }
}

/// The span of a run, linked to what added the job.
fn span(job: &ClaimedJob, queue: &Queue) -> Span {
    let span = tracing::info_span!(
        target: TRACES,
        "job",
        otel.name = format!("job {}", job.kind),
        otel.kind = "consumer",
        otel.status_code = Empty,
        job.id = %job.attempt.job,
        job.kind,
        job.queue = %queue,
        job.attempt = job.number,
        job.end = Empty,
    );
    trace::link(&span, &job.payload);
    span
}

/// Waits for the end of a run, extending its lease.
async fn watch(run: &Run, task: &mut Task, timeout: Duration, held_until: &mut Instant) -> End {
    let app = &run.app;
    let every = run.lease / 3;
    let mut beat = tokio::time::interval_at(Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let deadline = tokio::time::sleep(timeout);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            ended = &mut *task => return match ended {
                Ok(Ok(())) => End::Done,
                Ok(Err(failure)) => End::Failed(failure),
                Err(e) => End::Failed(Failure::retry(format!("The run panicked: {}", said(e)))),
            },
            () = &mut deadline => {
                stop(task).await;
                let text = format!("The run took longer than {} s.", timeout.as_secs_f64());
                return End::Failed(Failure::retry(text));
            }
            () = app.shutdown.cancelled() => {
                stop(task).await;
                return End::HandBack;
            }
            _ = beat.tick() => {
                let now = Instant::now();
                let held = match tokio::time::timeout(every, heartbeat(run)).await {
                    Ok(Ok(held)) => {
                        *held_until = now + run.lease;
                        held
                    }
                    // The database is away: the lease may still be extended in time.
                    Ok(Err(_)) | Err(_) => Instant::now() < *held_until,
                };
                // A run that ended its job itself only has to return.
                if !held && !run.finished.load(Ordering::Acquire) {
                    stop(task).await;
                    return End::Lost;
                }
            }
        }
    }
}

async fn heartbeat(run: &Run) -> Result<bool> {
    let tx = run.app.store.begin().await?;
    let held = tx.jobs().heartbeat(run.attempt, run.lease).await?;
    tx.commit().await?;
    Ok(held)
}

/// Ends the task at its next `await`, and waits until it has let go of what it held.
async fn stop(task: &mut Task) {
    task.abort();
    // Whether it was cancelled or ended first is the same to whoever stops it.
    let _ended = task.await;
}

fn said(e: JoinError) -> String {
    let Ok(panic) = e.try_into_panic() else { return "it was cancelled".to_owned() };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Writes the end down, as long as the lease lasts; after that the reaper does.
///
/// Answers what became of the job; `None` where nobody knows.
async fn write_end(
    app: &App,
    job: &ClaimedJob,
    end: &End,
    held_until: Instant,
) -> Option<&'static str> {
    loop {
        match try_write(app, job, end).await {
            Ok(Some(state)) => return Some(state),
            Ok(None) => {
                tracing::info!(job = %job.attempt.job, kind = job.kind, "a run lost its job");
                return Some("lost");
            }
            Err(e) => {
                tracing::warn!(job = %job.attempt.job, error = &e as &dyn std::error::Error,
                    "the end of a run could not be written");
                if Instant::now() + WRITE_AGAIN >= held_until {
                    return None;
                }
                tokio::time::sleep(WRITE_AGAIN).await;
            }
        }
    }
}

/// What became of the job; `None` when it is not this run's any more.
async fn try_write(app: &App, job: &ClaimedJob, end: &End) -> Result<Option<&'static str>> {
    if matches!(end, End::Lost) {
        return Ok(None);
    }
    let tx = app.store.begin().await?;
    let jobs = tx.jobs();
    let state = match end {
        End::Done => jobs.complete(job.attempt).await?.then_some("done"),
        End::HandBack => jobs.hand_back(job.attempt).await?.then_some("handed_back"),
        End::Lost => None,
        End::Failed(Failure::Fail { reason }) => {
            let held = jobs.fail(job.attempt, reason).await?;
            if held {
                app.settle_after_end(&tx).await?;
            }
            held.then_some(JobState::Failed.as_str())
        }
        End::Failed(Failure::Retry { reason, after }) => {
            let wait = wait(app, job.number).max(after.unwrap_or_default());
            let state = jobs.retry_later(job.attempt, wait, reason).await?;
            if state == Some(JobState::Dead) {
                app.settle_after_end(&tx).await?;
            }
            state.map(|state| if state == JobState::Dead { "dead" } else { "retry" })
        }
    };
    tx.commit().await?;
    if let (End::Failed(failure), Some(state)) = (end, state) {
        let (id, attempt) = (job.attempt.job, job.number);
        let error = failure.reason();
        tracing::warn!(job = %id, kind = job.kind, attempt, state, error, "a job failed");
    }
    Ok(state)
}

fn wait(app: &App, attempt: u16) -> Duration {
    let mut random = [0; 8];
    app.entropy.fill(&mut random);
    Backoff::default().wait(attempt, u64::from_le_bytes(random))
}
