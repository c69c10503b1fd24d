//! The HTTP door, through its router, on a real database of either engine.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod accounts;
mod bad_input;
mod categories;
mod conditional;
mod dashboard;
mod documents;
mod files;
mod fixtures;
mod idempotency;
mod jobs;
mod knowledge;
mod limits;
mod lists;
mod policy;
mod serving;
mod tickets;
mod triage;
