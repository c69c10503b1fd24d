//! Where the tests read: the models, and files of their own.

use std::{
    fs::File,
    io::{Seek, Write},
    path::{Path, PathBuf},
};

use atc_core::file::{ContentType, Extracted, FileName};
use atc_media::{Input, Models, ReadError, Workplace, read_image};

/// The models below `TEST_MODELS_DIR`; `None`, said aloud, where it is not set and need not be.
pub fn models() -> Option<Models> {
    let dir = found("TEST_MODELS_DIR")?;
    let of = |name: &str| {
        let model = Path::new(&dir).join(name);
        let mut versions = model.read_dir().ok()?;
        Some(versions.next()?.ok()?.path())
    };
    let ocr = of("pp-ocrv6-small").expect("the models are fetched (./test fetches them)");
    Some(Models { ocr, pdfium: PathBuf::new(), speech: PathBuf::new() })
}

#[expect(clippy::disallowed_methods, reason = "tests read their environment")]
fn found(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        let required = std::env::var("TEST_SERVICES").as_deref() == Ok("required");
        assert!(!required, "TEST_SERVICES=required, but {variable} is not set");
        eprintln!("skipped: {variable} is not set (./test sets it)");
    }
    value
}

/// A folder of the data beside the repository; `None`, said aloud, where it is not there.
pub fn data(folder: &str) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if !dir.is_dir() {
        eprintln!("skipped: there is no ../shared/data beside this repository");
        return None;
    }
    Some(dir)
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
