//! Files that are read as the worker reads them, with the real models.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod documents;
mod image;
mod place;
mod recordings;
