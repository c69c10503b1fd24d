//! The use cases on real databases, where no door is needed to see them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod jobs;
mod worker;
