//! Time and randomness, which tests must be able to hold still.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present, cut to whole milliseconds, so that what is stored and what is answered agree on
    /// every engine.
    fn now(&self) -> DateTime<Utc>;
}

/// Gives bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// A new `UUIDv7` (RFC 9562): sorts by time, cannot be guessed.
pub fn new_uuid(now: DateTime<Utc>, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
