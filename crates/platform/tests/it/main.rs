//! What this room keeps outside the process, with the real thing behind it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, reads its environment, and says what it skips"
)]

mod redis_limiter;
