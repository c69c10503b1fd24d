//! Documents of every kind: sound ones, broken ones, and those made to do harm.
mod hostile;
mod mutated;
mod sound;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use crate::place::models;
use atc_core::file::{Extracted, FileName};
use atc_media::{BEGINNING, Input, Models, ReadError, Workplace, read_document, sniff};

/// The bytes of a committed document.
fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where pdfium is; `None` where no models are and need not be.
fn pdfium() -> Option<PathBuf> {
    models().map(|models| models.pdfium)
}

/// Reads bytes as the program does: sniffed, with a name, without pdfium and OCR.
fn read(bytes: &[u8], name: &str) -> Result<Extracted, ReadError> {
    read_with(bytes, name, PathBuf::new(), &mut |_| panic!("OCR is not for this"))
}

/// The same, with pdfium and OCR.
fn read_with(
    bytes: &[u8],
    name: &str,
    pdfium: PathBuf,
    ocr: &mut dyn FnMut(&image::RgbImage) -> Result<String, ReadError>,
) -> Result<Extracted, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let filename = FileName::label(name);
    let content_type = sniff(&bytes[..bytes.len().min(BEGINNING)], &filename);
    let mut input = Input { bytes: file, size: bytes.len() as u64, content_type, filename };
    let models = Models { ocr: PathBuf::new(), pdfium, speech: PathBuf::new() };
    let at = Workplace {
        models: &models,
        progress: &|done, _| assert!((0.0..=1.0).contains(&done), "{done}"),
    };
    read_document(&mut input, &at, ocr)
}

/// The sentence of a refusal.
fn refusal(bytes: &[u8], name: &str) -> String {
    match read(bytes, name) {
        Err(ReadError::Refused(why)) => why,
        other => panic!("{name} was not refused: {other:?}"),
    }
}
