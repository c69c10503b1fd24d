//! Which reader a file goes to.

use std::path::Path;

use ::image::RgbImage;
use atc_core::{
    file::{Extracted, FileKind},
    ports::Ability,
};

use crate::{
    Input, Models, ReadError, Recognizer, Workplace, read_document, read_image, read_recording,
    sniff, text_of,
};

/// Reads a file, whatever it is.
pub(crate) fn read(input: &mut Input, at: &Workplace<'_>) -> Result<Extracted, ReadError> {
    if input.size == 0 {
        return Err(ReadError::refused("The file is empty."));
    }
    let mut eyes = Eyes { models: at.models, recognizer: None };
    match sniff::kind(&input.content_type) {
        FileKind::Image => read_image(input, at),
        FileKind::Audio | FileKind::Video => read_recording(
            input,
            at,
            &mut |pixels, width, height| match RgbImage::from_raw(width, height, pixels.to_vec()) {
                Some(frame) => eyes.read(&frame),
                None => Err(ReadError::refused("A picture of the recording is cut off.")),
            },
        ),
        FileKind::Document => read_document(input, at, &mut |page| eyes.read(page)),
        FileKind::Other => Ok(Extracted::empty(FileKind::Other)),
    }
}

/// What reads pictures inside of other files. Its models are loaded for the first picture.
struct Eyes<'a> {
    models: &'a Models,
    recognizer: Option<Recognizer>,
}

impl Eyes<'_> {
    fn read(&mut self, picture: &RgbImage) -> Result<String, ReadError> {
        let recognizer = match self.recognizer.take() {
            Some(recognizer) => recognizer,
            None => Recognizer::load(self.models)?,
        };
        let lines = self.recognizer.insert(recognizer).read(picture)?;
        Ok(text_of(&lines))
    }
}

/// What can be read here and now.
pub(crate) fn abilities(models: &Models) -> Vec<Ability> {
    vec![
        Ability { name: "documents", missing: missing(&models.pdfium, "libpdfium.so") },
        Ability { name: "ocr", missing: missing(&models.ocr, "rec.onnx") },
        Ability { name: "speech", missing: missing(&models.speech, "model.bin") },
    ]
}

fn missing(model: &Path, file: &str) -> Option<String> {
    let fetch = "its model is missing; run `ai-tickets models fetch`";
    (!model.join(file).is_file()).then(|| fetch.to_owned())
}
