//! What tests find on this machine: servers, programs, models and labelled data.

use std::path::PathBuf;

/// What `./test` found on this machine, by the name of its variable; `None`, said aloud, where the test
/// is run without it.
///
/// # Panics
/// When it is missing although `TEST_SERVICES=required`.
#[must_use]
pub fn found(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        let required = std::env::var("TEST_SERVICES").as_deref() == Ok("required");
        assert!(!required, "TEST_SERVICES=required, but {variable} is not set");
        eprintln!("skipped: {variable} is not set (./test sets it)");
    }
    value
}

/// Where the models are; `None`, said aloud, where `TEST_MODELS_DIR` does not say.
#[must_use]
pub fn models_dir() -> Option<PathBuf> {
    found("TEST_MODELS_DIR").map(PathBuf::from)
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
