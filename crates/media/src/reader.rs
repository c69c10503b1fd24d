//! What every reader gets and gives.

use std::{fs::File, path::PathBuf};

use atc_core::file::{ContentType, FileName};

/// The folders of the models, whether they are there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    /// `det.onnx`, `rec.onnx` and `cls.onnx` of PP-OCR.
    pub ocr: PathBuf,
    /// `libpdfium.so`.
    pub pdfium: PathBuf,
    /// Whisper in the form of `CTranslate2`.
    pub speech: PathBuf,
}

/// A file to be read.
#[derive(Debug)]
pub struct Input {
    /// The bytes; may stand anywhere.
    pub bytes: File,
    /// How many there are.
    pub size: u64,
    /// What they seem to be.
    pub content_type: ContentType,
    /// The label, whose extension is a hint and no more.
    pub filename: FileName,
}

/// What every reader has at hand.
pub struct Workplace<'a> {
    /// The models.
    pub models: &'a Models,
    /// Is told how far the work is: 0 to 1, and what is being done.
    pub progress: &'a dyn Fn(f64, &str),
}

/// Why a file was not read. The texts are plain sentences, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file is at fault. The text is for the person who uploaded it.
    #[error("{0}")]
    Refused(String),
    /// Something that reading takes is missing here. The text is for the operator and says how to mend
    /// it.
    #[error("{0}")]
    Unavailable(String),
}

impl ReadError {
    /// The file is at fault.
    pub fn refused(why: impl std::fmt::Display) -> Self {
        Self::Refused(why.to_string())
    }

    /// Something is missing here.
    pub fn unavailable(what: impl std::fmt::Display) -> Self {
        Self::Unavailable(what.to_string())
    }
}
