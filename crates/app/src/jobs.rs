//! Jobs, as administrators see and change them.

mod history;
mod manage;
mod overview;
mod redact;

use atc_core::{
    Error, Result,
    job::JobId,
    page::{Page, PageRequest},
};
use atc_store::{JobFilter, JobPosition, StoredAttempt, StoredJob};
use chrono::{DateTime, Utc};

pub(crate) use history::HistoryCache;
pub use history::{HistoryPoint, HistoryWindow, JobHistory};
pub use overview::{JobCounts, JobsOverview, QueueOverview, WorkerOverview};

use crate::App;

/// The most attempts of a job that are shown, the newest.
const MOST_ATTEMPTS: usize = 100;

/// A job with its history.
#[derive(Debug, Clone)]
pub struct JobDetail {
    /// The job; what is secret in its payload is left out.
    pub job: StoredJob,
    /// The attempts at it, oldest first; of many, the newest hundred.
    pub attempts: Vec<StoredAttempt>,
}

impl App {
    /// The present by the clock of the database, which the times of jobs go by.
    pub async fn jobs_now(&self) -> Result<DateTime<Utc>> {
        Ok(self.store.jobs().now().await?)
    }

    /// Jobs, newest first, their payloads redacted.
    pub async fn list_jobs(
        &self,
        filter: &JobFilter,
        page: PageRequest<JobPosition>,
    ) -> Result<Page<StoredJob, JobPosition>> {
        Ok(self.store.jobs().list(filter, page).await?.map(redacted))
    }

    /// One job with its history.
    ///
    /// # Errors
    /// Not found.
    pub async fn get_job(&self, id: JobId) -> Result<JobDetail> {
        let job = self.store.jobs().find(id).await?.ok_or_else(|| Error::not_found("job"))?;
        let mut attempts = self.store.jobs().attempts(id).await?;
        attempts.drain(..attempts.len().saturating_sub(MOST_ATTEMPTS));
        Ok(JobDetail { job: redacted(job), attempts })
    }
}

/// The job without what is secret in it.
fn redacted(job: StoredJob) -> StoredJob {
    StoredJob { payload: redact::payload(&job.payload), ..job }
}
