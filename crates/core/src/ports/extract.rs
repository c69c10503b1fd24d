//! What reads files.

use std::os::fd::OwnedFd;

use super::BoxFuture;
use crate::file::{ContentType, Extracted, FileName};

/// A file to be read.
#[derive(Debug)]
pub struct FileToRead {
    /// The bytes, from the beginning; can be positioned.
    pub bytes: OwnedFd,
    /// What they seem to be.
    pub content_type: ContentType,
    /// The label, whose extension is a hint and no more.
    pub filename: FileName,
}

/// How far the reading of a file is.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadProgress {
    /// 0 to 1.
    pub fraction: f64,
    /// What is being done, in a few words.
    pub note: String,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The file is at fault, and always will be. The text is for the person who uploaded it.
    #[error("{0}")]
    Refused(String),
    /// The machine is at fault, or a model is missing; another try may do. The text is for the
    /// operator and safe to show.
    #[error("{0}")]
    Unavailable(String),
    /// The reader died or would not end. It may be the file, or not.
    #[error("{0}")]
    Died(String),
}

/// A thing that a reader can or cannot do, such as `ocr`, `speech`, `documents`, `sandbox`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// Its name.
    pub name: &'static str,
    /// What is missing and how to mend it; `None` where nothing is.
    pub missing: Option<String>,
}

/// Reads files whatever is in them. Their bytes are opened in a child process with limits, never in
/// this one.
pub trait Extractor: Send + Sync {
    /// What the first bytes of a file are. Cheap, and safe in this process: signatures are compared
    /// and nothing is parsed.
    fn sniff(&self, beginning: &[u8], filename: &FileName) -> ContentType;

    /// Reads a file. The child ends when the future is dropped.
    ///
    /// # Errors
    /// Whose fault it is; see [`ExtractError`].
    fn extract<'a>(
        &'a self,
        file: FileToRead,
        progress: &'a (dyn Fn(ReadProgress) + Send + Sync),
    ) -> BoxFuture<'a, Result<Extracted, ExtractError>>;

    /// What it can do here and now.
    fn abilities(&self) -> Vec<Ability>;
}
