//! Files and what was read in them.

use std::collections::BTreeMap;

use atc_core::file::{Attachment, Extracted, Fact, File};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{FileKind, FileStatus, PersonBody};

/// An uploaded file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "filename": "screenshot.png",
    "content_type": "image/png", "size": 48211,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "status": "processed", "progress": 1.0, "error": null, "ticket_id": null,
    "uploaded_by": {
        "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "email": "user@example.com",
        "full_name": "Example User"
    },
    "created_at": "2026-01-31T12:00:00Z",
    "extracted": {
        "kind": "image", "text": "Error E1042", "language": "en", "segments": [], "pages": [],
        "words": [{
            "text": "Error", "x": 30, "y": 90, "width": 41, "height": 12, "confidence": 0.99
        }],
        "frames": [], "metadata": {"width": 1920, "height": 1080}
    }
}))]
pub(crate) struct FileBody {
    /// Its identity.
    id: Uuid,
    /// The name that its uploader gave it: a label.
    filename: String,
    /// What its bytes are, whatever its uploader said.
    content_type: String,
    /// Bytes.
    size: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// How far the reading of it is.
    status: FileStatus,
    /// How far the reading of it is, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    progress: f64,
    /// Why it could not be read.
    error: Option<String>,
    /// The ticket that it is evidence of.
    ticket_id: Option<Uuid>,
    /// Who uploaded it.
    uploaded_by: PersonBody,
    /// When.
    created_at: DateTime<Utc>,
    /// What was read in it; `null` before, and in lists.
    #[schema(nullable)]
    extracted: Option<ExtractedBody>,
}

impl FileBody {
    /// The file with what was read in it.
    pub fn new(file: File, extracted: Option<Extracted>) -> Self {
        Self {
            id: file.id.0,
            filename: file.filename.to_string(),
            content_type: file.content_type.to_string(),
            size: file.size,
            sha256: file.sha256.to_string(),
            status: file.status.into(),
            progress: file.progress,
            error: file.error,
            ticket_id: file.ticket_id.map(|id| id.0),
            uploaded_by: file.uploaded_by.into(),
            created_at: file.created_at,
            extracted: extracted.map(ExtractedBody::from),
        }
    }
}

/// What was read in a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extracted, example = json!({
    "kind": "document", "text": "Invoice INV-20417", "language": "en", "segments": [],
    "pages": [{"number": 1, "text": "Invoice INV-20417"}], "words": [], "frames": [],
    "metadata": {"pages": 1}
}))]
pub(crate) struct ExtractedBody {
    /// What kind of thing it is.
    kind: FileKind,
    /// All text, in reading order.
    text: String,
    /// The language as an ISO 639-1 code; `null` where it cannot be told.
    language: Option<String>,
    /// What was said, and when.
    segments: Vec<SegmentBody>,
    /// The text page by page; sheets and slides are pages.
    pages: Vec<PageTextBody>,
    /// The words of a picture, in reading order.
    words: Vec<WordBody>,
    /// What a recording showed, and when.
    frames: Vec<FrameBody>,
    /// What else the file says of itself.
    #[schema(value_type = Object)]
    metadata: BTreeMap<String, Fact>,
}

/// A piece of a transcript.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment, example = json!({"start": 1.2, "end": 3.4, "text": "It says E1042."}))]
pub(crate) struct SegmentBody {
    /// Seconds from the beginning.
    start: f64,
    /// Seconds from the beginning.
    end: f64,
    /// What was said.
    text: String,
}

/// The text of a page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageText, example = json!({"number": 1, "text": "Invoice INV-20417"}))]
pub(crate) struct PageTextBody {
    /// The first is 1.
    number: u32,
    /// Its text.
    text: String,
}

/// A word in a picture, in pixels from its upper left corner.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Word, example = json!({
    "text": "Error", "x": 30, "y": 90, "width": 41, "height": 12, "confidence": 0.99
}))]
pub(crate) struct WordBody {
    /// The word.
    text: String,
    /// The left edge.
    x: f64,
    /// The upper edge.
    y: f64,
    /// How wide it is.
    width: f64,
    /// How high it is.
    height: f64,
    /// The probability that it was read rightly.
    #[schema(minimum = 0, maximum = 1)]
    confidence: f64,
}

/// What a recording showed at one moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Frame, example = json!({"at": 12.5, "text": "Error E1042"}))]
pub(crate) struct FrameBody {
    /// Seconds from the beginning.
    at: f64,
    /// The text in the picture.
    text: String,
}

impl From<Extracted> for ExtractedBody {
    fn from(read: Extracted) -> Self {
        let segments = read.segments.into_iter();
        let pages = read.pages.into_iter();
        let words = read.words.into_iter();
        let frames = read.frames.into_iter();
        Self {
            kind: read.kind.into(),
            text: read.text,
            language: read.language,
            segments: segments
                .map(|s| SegmentBody { start: s.start, end: s.end, text: s.text })
                .collect(),
            pages: pages.map(|p| PageTextBody { number: p.number, text: p.text }).collect(),
            words: words
                .map(|w| WordBody {
                    text: w.text,
                    x: w.x,
                    y: w.y,
                    width: w.width,
                    height: w.height,
                    confidence: w.confidence,
                })
                .collect(),
            frames: frames.map(|f| FrameBody { at: f.at, text: f.text }).collect(),
            metadata: read.metadata,
        }
    }
}

/// A file that belongs to a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachment, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "filename": "screenshot.png",
    "content_type": "image/png", "size": 48211, "status": "processed"
}))]
pub(crate) struct AttachmentBody {
    /// Its identity.
    id: Uuid,
    /// The name that its uploader gave it: a label.
    filename: String,
    /// What its bytes are.
    content_type: String,
    /// Bytes.
    size: u64,
    /// How far the reading of it is.
    status: FileStatus,
}

impl From<Attachment> for AttachmentBody {
    fn from(file: Attachment) -> Self {
        Self {
            id: file.id.0,
            filename: file.filename.to_string(),
            content_type: file.content_type.to_string(),
            size: file.size,
            status: file.status.into(),
        }
    }
}
