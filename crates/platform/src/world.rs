//! The real time and real randomness.

use atc_core::ports::{Clock, Entropy};
use aws_lc_rs::rand;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's one real implementation")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now)
    }
}

/// The randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if rand::fill(buffer).is_err() {
            // Going on with guessable secrets would be worse than ending.
            tracing::error!("the operating system gives no randomness");
            std::process::abort();
        }
    }
}
