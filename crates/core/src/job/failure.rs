//! How a run says that it failed: whether trying again makes sense is part of the type.

use std::time::Duration;

use crate::{Error, ErrorCode};

/// The most characters of an error that are kept with a job.
pub const MOST_ERROR_CHARS: usize = 2_000;

/// Why a run did not do its job. The text is kept with the job, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may pass: the job is tried again later, until its attempts are used up.
    #[error("{reason}")]
    Retry {
        /// What happened.
        reason: String,
        /// Not sooner than this, where the cause said so.
        after: Option<Duration>,
    },
    /// Trying again is pointless, as with a file that is no file of its kind.
    #[error("{reason}")]
    Fail {
        /// What happened.
        reason: String,
    },
}

impl Failure {
    /// It may pass.
    pub fn retry(reason: impl std::fmt::Display) -> Self {
        Self::Retry { reason: bounded(&reason.to_string()), after: None }
    }

    /// Trying again is pointless.
    pub fn fail(reason: impl std::fmt::Display) -> Self {
        Self::Fail { reason: bounded(&reason.to_string()) }
    }

    /// What happened.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Retry { reason, .. } | Self::Fail { reason } => reason,
        }
    }
}

/// What the world did wrong may pass; what is wrong with the request stays wrong.
impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let mut text = e.to_string();
        let mut cause = std::error::Error::source(&e);
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        match e.code {
            ErrorCode::Internal
            | ErrorCode::Unavailable
            | ErrorCode::RateLimited
            | ErrorCode::RequestTimeout
            | ErrorCode::PreconditionFailed
            | ErrorCode::Conflict => Self::Retry {
                reason: bounded(&text),
                after: e.retry_after_s.map(Duration::from_secs),
            },
            _ => Self::fail(text),
        }
    }
}

/// No column and no page takes an endless error; NUL no column of PostgreSQL.
fn bounded(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MOST_ERROR_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_whether_it_is_tried_again() {
        let down = Failure::from(Error::unavailable("Down.", 7));
        assert!(
            matches!(down, Failure::Retry { after: Some(d), .. } if d == Duration::from_secs(7))
        );
        assert!(matches!(Failure::from(Error::not_found("file")), Failure::Fail { .. }));
        assert!(Failure::from(Error::internal("disk on fire")).reason().ends_with("disk on fire"));
    }

    #[test]
    fn errors_are_kept_in_bounds() {
        assert_eq!(Failure::fail("\0ä".repeat(3_000)).reason(), "ä".repeat(MOST_ERROR_CHARS));
    }
}
