//! Reads pictures: their text, and what the file says of them.

mod decode;
mod exif;

use std::io::Seek;

use atc_core::file::{Extracted, FileKind, Word};

use crate::{
    ocr::{self, Recognizer},
    reader::{Input, ReadError, Workplace},
};

/// Reads a PNG, JPEG, GIF (its first picture), BMP, WebP or TIFF file, whatever its name says. The text
/// is empty when there is none in the picture.
///
/// # Errors
/// [`ReadError::Refused`] when the file is no such picture, is broken or is too large;
/// [`ReadError::Unavailable`] when the models are missing.
pub fn read_image(input: &mut Input, at: &Workplace<'_>) -> Result<Extracted, ReadError> {
    (at.progress)(0.0, "opening the picture");
    input.bytes.rewind().map_err(|_| ReadError::refused("The file cannot be read."))?;
    let picture = decode::decode(&input.bytes)?;
    (at.progress)(0.2, "loading the models");
    let recognizer = Recognizer::load(at.models)?;
    (at.progress)(0.3, "reading the text");
    let lines = recognizer.read(&picture.pixels)?;
    let mut extracted = Extracted::empty(FileKind::Image);
    extracted.text = ocr::text_of(&lines);
    extracted.words = lines.into_iter().flat_map(|line| line.words).collect();
    for word in &mut extracted.words {
        scale(word, picture.reduced);
    }
    extracted.metadata = picture.facts;
    (at.progress)(1.0, "done");
    Ok(extracted)
}

fn scale(word: &mut Word, factor: f64) {
    for length in [&mut word.x, &mut word.y, &mut word.width, &mut word.height] {
        *length *= factor;
    }
}
