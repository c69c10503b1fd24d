//! What parent and child say to each other: a request on the command line, and lines of JSON back. The
//! file itself is the child's standard input.

use std::path::PathBuf;

use atc_core::file::Extracted;
use serde::{Deserialize, Serialize};

/// The most bytes of an answer: a child that was taken over does not fill the server.
pub(super) const MOST_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// What the child is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// What the bytes seem to be.
    pub content_type: String,
    /// The label.
    pub filename: String,
    /// The folders of the models.
    pub ocr: PathBuf,
    pub pdfium: PathBuf,
    pub speech: PathBuf,
    /// How much memory it may take, in bytes of address space.
    pub memory: u64,
    /// How many seconds of processor time it may take.
    pub cpu_s: u64,
}

/// A line of the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// How far it is.
    Progress { fraction: f64, note: String },
    /// Walls that this kernel does not have.
    MissingWalls(Vec<String>),
    /// What was read.
    Done(Box<Extracted>),
    /// The file is at fault.
    Refused(String),
    /// The machine is at fault.
    Unavailable(String),
}
