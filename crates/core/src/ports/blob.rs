//! Where the bytes of files are stored.

use std::{ops::Range, os::fd::OwnedFd, time::Duration};

use chrono::{DateTime, Utc};

use super::BoxFuture;
use crate::{Error, file::BlobKey};

/// Why bytes could not be stored or given.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is nothing under this key.
    #[error("nothing is stored under {0}")]
    Missing(BlobKey),
    /// The parts of an upload do not fit together: one is missing, too small or another one than named.
    #[error("the parts of an upload do not fit together: {0}")]
    Parts(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
    #[error("the file store failed: {0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<BlobError> for Error {
    fn from(e: BlobError) -> Self {
        Error::unavailable("The file store does not answer; try again in a moment.", 5)
            .with_source(e)
    }
}

/// What is stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// The key.
    pub key: BlobKey,
    /// When it was written.
    pub written_at: DateTime<Utc>,
}

/// A part of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadPart {
    /// The first is 1.
    pub number: u32,
    /// Bytes.
    pub size: u64,
}

/// What a store shall say of the bytes that it sends to a browser.
#[derive(Debug, Clone)]
pub struct ReadAs {
    /// `Content-Type`.
    pub content_type: String,
    /// `Content-Disposition`.
    pub disposition: String,
}

/// Stores the bytes of files. A key is written once.
pub trait BlobStore: Send + Sync {
    /// Begins to store bytes under a key. Nothing is seen under it before [`BlobWriter::finish`].
    fn write<'a>(&'a self, key: &BlobKey) -> BoxFuture<'a, Result<Box<dyn BlobWriter>, BlobError>>;

    /// The bytes of a key, or a part of them.
    ///
    /// # Errors
    /// [`BlobError::Missing`] when there is nothing.
    fn read<'a>(
        &'a self,
        key: &'a BlobKey,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Box<dyn BlobReader>, BlobError>>;

    /// Forgets the bytes of a key; nothing happens where there are none.
    fn delete<'a>(&'a self, key: &'a BlobKey) -> BoxFuture<'a, Result<(), BlobError>>;

    /// What is stored on one of the 256 shelves, in no order; see [`BlobKey::shelf`].
    fn list(&self, shelf: u8) -> BoxFuture<'_, Result<Vec<StoredBlob>, BlobError>>;

    /// Begins to store bytes under a key that somebody else sends, in parts. Answers what the store calls this
    /// upload when they send the parts to the store itself; `None` when they come by [`BlobStore::write_part`].
    /// Nothing is seen under the key before [`BlobStore::join_parts`], and nothing changes after it.
    fn begin_parts<'a>(
        &'a self,
        key: &'a BlobKey,
    ) -> BoxFuture<'a, Result<Option<String>, BlobError>>;

    /// Where to send a part to the store itself, by `PUT`, for so long. It takes this many bytes and no others.
    fn part_link<'a>(
        &'a self,
        key: &'a BlobKey,
        upload: &'a str,
        part: UploadPart,
        lasting: Duration,
    ) -> BoxFuture<'a, Result<String, BlobError>>;

    /// Begins to store a part, or to replace it.
    fn write_part<'a>(
        &'a self,
        key: &BlobKey,
        number: u32,
    ) -> BoxFuture<'a, Result<Box<dyn BlobWriter>, BlobError>>;

    /// Joins all parts under their key and forgets them; `tags` is what the store answered to each. Does nothing
    /// when it was done already.
    ///
    /// # Errors
    /// [`BlobError::Parts`] when they do not fit together.
    fn join_parts<'a>(
        &'a self,
        key: &'a BlobKey,
        upload: Option<&'a str>,
        tags: &'a [String],
    ) -> BoxFuture<'a, Result<(), BlobError>>;

    /// Forgets an upload of at most so many parts; nothing happens where there is none.
    fn forget_parts<'a>(
        &'a self,
        key: &'a BlobKey,
        upload: Option<&'a str>,
        count: u32,
    ) -> BoxFuture<'a, Result<(), BlobError>>;

    /// An address at which anybody reads the bytes from the store itself, for so long; `None` where nobody can.
    fn read_link<'a>(
        &'a self,
        key: &'a BlobKey,
        read_as: ReadAs,
        lasting: Duration,
    ) -> BoxFuture<'a, Result<Option<String>, BlobError>>;

    /// Forgets what was begun before this moment and never finished, as by a killed process; returns
    /// how many there were. A bucket does this by a rule of its own.
    fn forget_unfinished(&self, before: DateTime<Utc>) -> BoxFuture<'_, Result<u64, BlobError>>;

    /// The bytes as an open file of this machine, which can be positioned: the stored file itself,
    /// or a nameless copy of it.
    fn open<'a>(&'a self, key: &'a BlobKey) -> BoxFuture<'a, Result<OwnedFd, BlobError>>;

    /// Whether it can be reached and written.
    fn check(&self) -> BoxFuture<'_, Result<(), BlobError>>;
}

/// Bytes on their way into the store. Dropped without [`BlobWriter::finish`], nothing is left behind.
pub trait BlobWriter: Send {
    /// Takes the next bytes; waits while the store is slower than their source.
    fn push(&mut self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), BlobError>>;

    /// Makes what was taken durable and seen under its key.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<(), BlobError>>;

    /// Forgets what was taken, and waits until it is gone.
    fn abort(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Bytes on their way out of the store.
pub trait BlobReader: Send {
    /// The next bytes; `None` at the end.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Vec<u8>, BlobError>>>;
}
