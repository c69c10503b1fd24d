//! What this room keeps outside the process, with the real thing behind it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blobs;
mod redis_limiter;
