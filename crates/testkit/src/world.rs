//! Time and randomness for tests.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use atc_core::ports::{Clock, Entropy};
use chrono::{DateTime, TimeDelta, Utc};

/// A clock that stands still until it is moved.
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that shows this time, such as `2026-01-31T12:00:00Z`.
    #[must_use]
    pub fn at(time: &str) -> Self {
        Self(Mutex::new(time.parse().expect("an RFC 3339 time")))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("no test panics while it holds the clock") += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panics while it holds the clock")
    }
}

/// Bytes that repeat from run to run (`SplitMix64`), and never within a run.
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// The start of the sequence.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a start that a test names")]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(1);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
