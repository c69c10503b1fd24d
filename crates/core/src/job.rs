//! Work that is done beside the requests: what a job is, how far it can be, and when it is tried
//! again.

mod backoff;
mod failure;
mod latency;
mod name;
mod state;

use chrono::{DateTime, Utc};

pub use crate::id::{AttemptToken, JobId};
pub use backoff::Backoff;
pub use failure::{Failure, MOST_ERROR_CHARS};
pub use latency::{Latencies, STEPS_MS};
pub use name::{BadName, JobKind, Queue};
pub use state::{AttemptEnd, JobState, UnknownWord};

use crate::json::RawJson;

/// How often a job is tried where nothing else is said.
pub const USUAL_ATTEMPTS: u16 = 5;

/// After how many deaths of its worker a job is [`JobState::Dead`], however many attempts it has
/// left: what kills a process once may be chance, three times it is the job.
pub const MOST_DEATHS: u16 = 3;

/// A job to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its identity.
    pub id: JobId,
    /// Where it waits.
    pub queue: Queue,
    /// Which handler runs it.
    pub kind: JobKind,
    /// What the handler is given.
    pub payload: RawJson,
    /// While another job of this key waits or runs, this one is not added.
    pub unique_key: Option<String>,
    /// How often it is tried before it is [`JobState::Dead`]; at least 1.
    pub max_attempts: u16,
    /// Not before this moment of the database's clock; `None` for at once.
    pub run_at: Option<DateTime<Utc>>,
}

/// What became of a job that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It was added.
    Added(JobId),
    /// This one has the same unique key and waits or runs already.
    Present(JobId),
}

impl Enqueued {
    /// The job that will do the work.
    #[must_use]
    pub const fn id(self) -> JobId {
        match self {
            Self::Added(id) | Self::Present(id) => id,
        }
    }
}

/// The right to run a job once: every write of that run names both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// This attempt at it.
    pub token: AttemptToken,
}
