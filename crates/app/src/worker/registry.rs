//! Which jobs this program can run, and which of them the clock adds.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use atc_core::{
    job::{BadName, Failure, JobId, JobKind, NewJob, Queue},
    json::RawJson,
    ports::BoxFuture,
};
use croner::Cron;

use super::{Job, Run};
use crate::{App, trace};

type Start = fn(Arc<Run>, String) -> BoxFuture<'static, Result<(), Failure>>;
type Make = Box<dyn Fn(&App) -> Result<NewJob, RegistryError> + Send + Sync>;

/// Why a job cannot be run by this program.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Its kind or its queue has no legal name.
    #[error(transparent)]
    Name(#[from] BadName),
    /// Two jobs of one kind.
    #[error("two jobs are of the kind {0}")]
    Twice(JobKind),
    /// The pattern of a schedule means nothing.
    #[error("the pattern {0:?} names no time")]
    Pattern(String),
    /// Its payload is not to be written as JSON.
    #[error("a payload cannot be written as JSON")]
    Payload(#[from] serde_json::Error),
}

pub(super) struct Handler {
    pub queue: Queue,
    pub timeout: Duration,
    pub start: Start,
}

pub(super) struct Schedule {
    pub kind: JobKind,
    pub pattern: &'static str,
    pub cron: Cron,
    pub make: Make,
}

/// The jobs that a worker can run.
#[derive(Default)]
pub struct Registry {
    handlers: BTreeMap<JobKind, Handler>,
    pub(super) schedules: Vec<Schedule>,
}

impl Registry {
    /// Knows no job.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows this one as well.
    ///
    /// # Errors
    /// When its names are illegal or its kind is known.
    pub fn with<J: Job>(mut self) -> Result<Self, RegistryError> {
        let kind = JobKind::parse(J::KIND)?;
        let handler = Handler {
            queue: Queue::parse(J::QUEUE)?,
            timeout: J::TIMEOUT,
            start: |run, payload| Box::pin(start::<J>(run, payload)),
        };
        match self.handlers.insert(kind.clone(), handler) {
            None => Ok(self),
            Some(_) => Err(RegistryError::Twice(kind)),
        }
    }

    /// Knows this one as well and adds it by the clock, at most one at a time: `pattern` is five
    /// fields of cron in UTC. What was missed while nothing ran is made up for once.
    ///
    /// # Errors
    /// As above, or when the pattern means nothing.
    pub fn scheduled<J: Job + Clone>(
        self,
        pattern: &'static str,
        job: &J,
    ) -> Result<Self, RegistryError> {
        let cron =
            Cron::from_str(pattern).map_err(|_| RegistryError::Pattern(pattern.to_owned()))?;
        let mut registry = self.with::<J>()?;
        let kind = JobKind::parse(J::KIND)?;
        let (job, key) = (job.clone(), format!("schedule:{kind}"));
        let make: Make = Box::new(move |app| {
            Ok(NewJob { unique_key: Some(key.clone()), ..new_job(app, &job)? })
        });
        registry.schedules.push(Schedule { kind, pattern, cron, make });
        Ok(registry)
    }

    /// The queues that its jobs wait in.
    pub(super) fn queues(&self) -> BTreeSet<Queue> {
        self.handlers.values().map(|handler| handler.queue.clone()).collect()
    }

    /// The kinds that wait in a queue.
    pub(super) fn kinds(&self, queue: &Queue) -> Vec<JobKind> {
        let here = self.handlers.iter().filter(|(_, handler)| handler.queue == *queue);
        here.map(|(kind, _)| kind.clone()).collect()
    }

    pub(super) fn handler(&self, kind: &str) -> Option<&Handler> {
        let found = self.handlers.iter().find(|(known, _)| known.as_str() == kind);
        found.map(|(_, handler)| handler)
    }
}

pub(super) fn new_job<J: Job>(app: &App, job: &J) -> Result<NewJob, RegistryError> {
    Ok(NewJob {
        id: JobId(app.new_id()),
        queue: Queue::parse(J::QUEUE)?,
        kind: JobKind::parse(J::KIND)?,
        payload: RawJson::trusted(payload(job)?),
        unique_key: job.unique_key(),
        max_attempts: J::MAX_ATTEMPTS,
        run_at: None,
    })
}

/// The job as JSON, and beside its own members the span that adds it, where that is traced.
fn payload<J: Job>(job: &J) -> Result<String, serde_json::Error> {
    let Some(here) = trace::here() else { return serde_json::to_string(job) };
    let mut payload = serde_json::to_value(job)?;
    if let Some(members) = payload.as_object_mut() {
        members.insert(trace::MEMBER.to_owned(), here.into());
    }
    Ok(payload.to_string())
}

async fn start<J: Job>(run: Arc<Run>, payload: String) -> Result<(), Failure> {
    let job: J = serde_json::from_str(&payload)
        .map_err(|e| Failure::fail(format!("The payload cannot be read: {e}")))?;
    job.run(&run).await
}
