//! Where the tests read: the models, and files of their own.

use std::{
    fs::File,
    io::{Seek, Write},
    path::PathBuf,
};

use atc_ai::models::Manifest;
use atc_core::file::{ContentType, Extracted, FileName};
use atc_media::{Input, Models, ReadError, Workplace, read_image};
use atc_testkit::{data_dir, models_dir};

/// The models below `TEST_MODELS_DIR`; `None`, said aloud, where it is not set and need not be.
pub fn models() -> Option<Models> {
    let dir = models_dir()?;
    let manifest = Manifest::embedded().unwrap();
    let of = |name: &str| manifest.model(name).unwrap().dir(&dir);
    Some(Models { ocr: of("pp-ocrv6-small"), pdfium: of("pdfium"), speech: of("whisper-base") })
}

/// A folder of the data beside the repository; `None`, said aloud, where it is not there.
pub fn data(folder: &str) -> Option<PathBuf> {
    data_dir().map(|dir| dir.join(folder))
}

/// Models that are not there.
pub fn no_models() -> Models {
    let nowhere = || PathBuf::from("/nonexistent");
    Models { ocr: nowhere(), pdfium: nowhere(), speech: nowhere() }
}

/// Reads these bytes as a picture. The file stands at its end, as after an upload.
pub fn read(bytes: &[u8], models: &Models) -> Result<Extracted, ReadError> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let size = file.stream_position().unwrap();
    let mut input = Input {
        bytes: file,
        size,
        content_type: ContentType::unknown(),
        filename: FileName::label("picture.jpg"),
    };
    read_image(&mut input, &Workplace { models, progress: &|_, _| () })
}
