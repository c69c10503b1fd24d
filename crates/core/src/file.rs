//! Files: what people upload, how far the reading of one is, and what was read in it.

mod content;
mod name;
mod status;

use chrono::{DateTime, Utc};

pub use crate::id::FileId;
pub use content::{Extracted, Fact, FileKind, Frame, PageText, Segment, UnknownKind, Word};
pub use name::{BlobKey, ContentType, FileName, Sha256};
pub use status::{FileStatus, UnknownStatus};

use crate::{
    id::{TicketId, UserId},
    user::UserSummary,
};

/// An uploaded file, without what was read in it.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its identity.
    pub id: FileId,
    /// The name that its uploader gave it: a label, never a path.
    pub filename: FileName,
    /// What its bytes are, whatever its uploader said.
    pub content_type: ContentType,
    /// Bytes.
    pub size: u64,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// Under which key the bytes are stored.
    pub blob: BlobKey,
    /// How far the reading of it is.
    pub status: FileStatus,
    /// 0 to 1.
    pub progress: f64,
    /// Why it could not be read, in words for the person who uploaded it.
    pub error: Option<String>,
    /// What kind of thing it is, once it was read.
    pub kind: Option<FileKind>,
    /// The ticket that it is evidence of.
    pub ticket_id: Option<TicketId>,
    /// Who uploaded it.
    pub uploaded_by: UserSummary,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Counts changes; names the present state in `ETag`.
    pub version: i64,
}

/// A file as a ticket lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its identity.
    pub id: FileId,
    /// The name that its uploader gave it.
    pub filename: FileName,
    /// What its bytes are.
    pub content_type: ContentType,
    /// Bytes.
    pub size: u64,
    /// How far the reading of it is.
    pub status: FileStatus,
}

/// Which files are listed. An empty list of words means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFilter {
    /// Evidence of this ticket.
    pub ticket_id: Option<TicketId>,
    /// So far.
    pub status: Vec<FileStatus>,
    /// Of this kind.
    pub kind: Vec<FileKind>,
}

/// A file with what was read in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadFile {
    /// The label.
    pub filename: FileName,
    /// Who uploaded it.
    pub uploaded_by: UserId,
    /// What was read.
    pub content: Extracted,
}

/// A text that was read in a file of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// The label.
    pub filename: FileName,
    /// What was read.
    pub text: String,
    /// Whether the ticket's requester may see it.
    pub public: bool,
}

impl FileText {
    /// How many characters of a file are read together with its ticket.
    pub const MOST_CHARS: u32 = 8_000;

    /// Adds it to the text of its ticket, for whoever reads both.
    pub fn append_to(&self, text: &mut String) {
        append(text, &self.text);
    }
}

impl ReadFile {
    /// Adds what was read to the text of its ticket, as [`FileText::append_to`] does.
    pub fn append_to(&self, text: &mut String) {
        append(text, &self.content.text);
    }
}

fn append(text: &mut String, read: &str) {
    let read = read.trim();
    if !read.is_empty() {
        text.push_str("\n\n");
        text.extend(read.chars().take(FileText::MOST_CHARS as usize));
    }
}
