//! `If-Match`: changing only what one has read.

use atc_core::{Error, ErrorCode, Result};

/// Which versions of a thing a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IfMatch {
    /// Whichever it is: the last write wins.
    #[default]
    Unconditional,
    /// Any that exists (`*`).
    Any,
    /// One of these; entity tags that are none of ours match nothing.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Lets the change go on, or says that the thing has changed.
    ///
    /// # Errors
    /// [`ErrorCode::PreconditionFailed`].
    pub fn check(&self, version: i64) -> Result<()> {
        match self {
            Self::Unconditional | Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Error::new(
                ErrorCode::PreconditionFailed,
                "It was changed since you read it. Read it again and repeat your change.",
            )),
        }
    }
}
