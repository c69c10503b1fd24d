//! What tests find on this machine: models and labelled data.

use std::path::PathBuf;

/// Where the models are; `None`, said aloud, where `TEST_MODELS_DIR` does not say.
#[must_use]
pub fn models_dir() -> Option<PathBuf> {
    if let Ok(dir) = std::env::var("TEST_MODELS_DIR") {
        return Some(PathBuf::from(dir));
    }
    let required = std::env::var("TEST_SERVICES").as_deref() == Ok("required");
    assert!(!required, "TEST_SERVICES=required, but TEST_MODELS_DIR is not set");
    eprintln!("skipped: TEST_MODELS_DIR is not set (./test sets it)");
    None
}

/// Where the labelled data lies beside the repository; `None`, said aloud, where it does not.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("skipped: there is no ../shared/data beside this repository");
    None
}
