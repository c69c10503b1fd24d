//! How far the reading of a file is.

use std::str::FromStr;

/// How far the reading of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileStatus {
    /// It waits for a worker.
    Queued,
    /// A worker reads it.
    Processing,
    /// What could be read was read.
    Processed,
    /// It could not be read; its error says why.
    Failed,
}

impl FileStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Processing, Self::Processed, Self::Failed];

    /// The word that stands for it in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more is to be expected.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Processed | Self::Failed)
    }
}

/// The word names no status of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("One of queued, processing, processed, failed is expected.")]
pub struct UnknownStatus;

impl FromStr for FileStatus {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == word).ok_or(UnknownStatus)
    }
}
