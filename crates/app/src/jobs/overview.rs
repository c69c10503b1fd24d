//! How the queues and their workers fare at this moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use atc_core::{
    Error, Result,
    job::{JobState, Queue},
    page::{Limit, PageRequest},
};
use atc_store::{JobFilter, StoredJob, StoredWorker};
use chrono::{DateTime, Utc};

use super::{HistoryWindow, JobHistory, redacted};
use crate::App;

/// How many jobs are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobCounts {
    /// They wait for their time and for a place.
    pub ready: u64,
    /// A worker has them.
    pub running: u64,
    /// They were done, and are not forgotten yet.
    pub done: u64,
    /// Trying again is pointless.
    pub failed: u64,
    /// Their attempts are used up.
    pub dead: u64,
    /// A person stopped them.
    pub cancelled: u64,
}

impl JobCounts {
    /// How many are in this state.
    #[must_use]
    pub const fn of(&self, state: JobState) -> u64 {
        match state {
            JobState::Ready => self.ready,
            JobState::Running => self.running,
            JobState::Done => self.done,
            JobState::Failed => self.failed,
            JobState::Dead => self.dead,
            JobState::Cancelled => self.cancelled,
        }
    }

    fn add(&mut self, state: JobState, count: u64) {
        let counted = match state {
            JobState::Ready => &mut self.ready,
            JobState::Running => &mut self.running,
            JobState::Done => &mut self.done,
            JobState::Failed => &mut self.failed,
            JobState::Dead => &mut self.dead,
            JobState::Cancelled => &mut self.cancelled,
        };
        *counted += count;
    }
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueOverview {
    /// Its name.
    pub name: String,
    /// Whether it is held.
    pub paused: bool,
    /// Its jobs.
    pub counts: JobCounts,
    /// How many of those that are ready have their time yet to come.
    pub later: u64,
    /// For how many seconds the job waits whose time came first; `None` where none waits.
    pub oldest_wait_s: Option<u64>,
    /// How many jobs the workers that live run of it at the same time.
    pub places: u64,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOverview {
    /// The worker, as it described itself.
    pub name: String,
    /// The machine that it runs on.
    pub host: String,
    /// Which queues it serves, with how many places each.
    pub places: BTreeMap<String, u16>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it last gave a sign.
    pub seen_at: DateTime<Utc>,
    /// Whether that was recently enough.
    pub alive: bool,
    /// What it runs, newest first.
    pub running: Vec<StoredJob>,
}

/// How the queues and their workers fare.
#[derive(Debug, Clone)]
pub struct JobsOverview {
    /// When it was so, by the clock of the database.
    pub at: DateTime<Utc>,
    /// The queues, by name.
    pub queues: Vec<QueueOverview>,
    /// The workers, oldest first; those that were lost in the last hour as well.
    pub workers: Vec<WorkerOverview>,
    /// Throughput and latency over time.
    pub history: Arc<JobHistory>,
}

impl JobsOverview {
    /// The jobs of all queues.
    #[must_use]
    pub fn totals(&self) -> JobCounts {
        let mut totals = JobCounts::default();
        for queue in &self.queues {
            for state in JobState::ALL {
                totals.add(*state, queue.counts.of(*state));
            }
        }
        totals
    }
}

impl App {
    /// How the queues and their workers fare.
    pub async fn jobs_overview(&self, window: HistoryWindow) -> Result<JobsOverview> {
        let at = self.store.jobs().now().await?;
        let workers = self.store.jobs().workers().await?;
        let queues = self.queues(at, &workers).await?;
        let workers = self.with_what_they_run(workers).await?;
        let history = self.job_history(window).await?;
        Ok(JobsOverview { at, queues, workers, history })
    }

    /// The queues, by name: where jobs wait or waited, those that are held, and those that are served.
    pub async fn list_queues(&self) -> Result<Vec<QueueOverview>> {
        let at = self.store.jobs().now().await?;
        let workers = self.store.jobs().workers().await?;
        self.queues(at, &workers).await
    }

    /// One queue.
    ///
    /// # Errors
    /// Not found, as with [`App::set_queue_paused`].
    pub async fn get_queue(&self, name: &Queue) -> Result<QueueOverview> {
        let queues = self.list_queues().await?;
        if let Some(found) = queues.into_iter().find(|queue| queue.name == name.as_str()) {
            return Ok(found);
        }
        if !self.store.jobs().knows_queue(name).await? {
            return Err(Error::not_found("queue"));
        }
        // It was held once, and nothing waits in it.
        Ok(QueueOverview { name: name.to_string(), ..QueueOverview::default() })
    }

    async fn queues(
        &self,
        now: DateTime<Utc>,
        workers: &[StoredWorker],
    ) -> Result<Vec<QueueOverview>> {
        let jobs = self.store.jobs();
        let mut queues: BTreeMap<String, QueueOverview> = BTreeMap::new();
        for counted in jobs.counts().await? {
            queues.entry(counted.queue).or_default().counts.add(counted.state, counted.count);
        }
        for wait in jobs.waits().await? {
            let queue = queues.entry(wait.queue).or_default();
            queue.later = wait.later;
            queue.oldest_wait_s = u64::try_from((now - wait.first_run_at).num_seconds()).ok();
        }
        let paused: BTreeSet<String> = jobs.paused_queues().await?.into_iter().collect();
        for name in &paused {
            queues.entry(name.clone()).or_default().paused = true;
        }
        for worker in workers.iter().filter(|worker| worker.alive) {
            for (name, places) in &worker.places {
                queues.entry(name.clone()).or_default().places += u64::from(*places);
            }
        }
        Ok(queues.into_iter().map(|(name, queue)| QueueOverview { name, ..queue }).collect())
    }

    async fn with_what_they_run(&self, workers: Vec<StoredWorker>) -> Result<Vec<WorkerOverview>> {
        let filter = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
        let limit = Limit::new(Limit::MAX.into()).unwrap_or_default();
        let page = PageRequest { limit, ..PageRequest::default() };
        let mut running: BTreeMap<String, Vec<StoredJob>> = BTreeMap::new();
        for job in self.store.jobs().list(&filter, page).await?.items {
            let worker = job.worker.clone().unwrap_or_default();
            running.entry(worker).or_default().push(redacted(job));
        }
        let mut with = |worker: StoredWorker| WorkerOverview {
            running: running.remove(&worker.name).unwrap_or_default(),
            name: worker.name,
            host: worker.host,
            places: worker.places,
            started_at: worker.started_at,
            seen_at: worker.seen_at,
            alive: worker.alive,
        };
        Ok(workers.into_iter().map(&mut with).collect())
    }
}
