//! Files: the rows, what was read in them, and which tickets they are evidence of.

mod read;
mod write;

use atc_core::{
    file::{BlobKey, ContentType, FileId, FileName, Sha256},
    id::{TicketNumber, UserId},
};
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DatabaseTransaction};

pub(crate) use read::{attachments, texts};

use crate::{Store, Tx};

/// Files, seen through a connection or a transaction.
pub struct Files<'a, C>(&'a C);

impl Store {
    /// Files.
    #[must_use]
    pub fn files(&self) -> Files<'_, DatabaseConnection> {
        Files(self.reader())
    }
}

impl Tx {
    /// Files.
    #[must_use]
    pub fn files(&self) -> Files<'_, DatabaseTransaction> {
        Files(&self.inner)
    }
}

/// Where in the list of files one stands: its place in the order of uploading.
pub type FilePosition = i64;

/// A file to be written down; it waits to be read.
#[derive(Debug, Clone)]
pub struct NewFileRow {
    /// Its identity.
    pub id: FileId,
    /// The label.
    pub filename: FileName,
    /// What its bytes are.
    pub content_type: ContentType,
    /// Bytes.
    pub size: u64,
    /// Their hash.
    pub sha256: Sha256,
    /// Where they are.
    pub blob: BlobKey,
    /// The ticket that it is evidence of.
    pub ticket: Option<TicketNumber>,
    /// Who uploaded it.
    pub uploaded_by: UserId,
    /// When.
    pub created_at: DateTime<Utc>,
}
