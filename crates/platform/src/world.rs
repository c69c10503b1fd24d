//! The real time and real randomness.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

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

/// The time of somebody else, such as the database that several machines share. Between two looks at it
/// this process counts by itself, so that nothing happens here when the machine's own clock is wrong or is
/// set.
#[derive(Debug)]
pub struct SharedClock {
    started: Instant,
    /// Microseconds since 1970 at that moment, by the shared clock.
    start_us: AtomicI64,
}

impl SharedClock {
    /// A clock that shows this time now.
    #[must_use]
    pub fn showing(now: DateTime<Utc>) -> Self {
        Self { started: Instant::now(), start_us: AtomicI64::new(now.timestamp_micros()) }
    }

    /// Shows this time now.
    pub fn set(&self, now: DateTime<Utc>) {
        self.start_us.store(now.timestamp_micros() - self.elapsed_us(), Ordering::Relaxed);
    }

    fn elapsed_us(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX / 2)
    }
}

impl Clock for SharedClock {
    fn now(&self) -> DateTime<Utc> {
        let us = self.start_us.load(Ordering::Relaxed) + self.elapsed_us();
        // Milliseconds, as every clock here; the years that a date can hold are not left.
        DateTime::from_timestamp_millis(us.div_euclid(1000)).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_clock_goes_on_by_itself_and_is_put_right() {
        let noon: DateTime<Utc> = "2026-01-31T12:00:00Z".parse().unwrap();
        let clock = SharedClock::showing(noon);
        let (first, second) = (clock.now(), clock.now());
        assert!(noon <= first && first <= second && second < noon + TimeDelta::hours(1));
        clock.set(noon - TimeDelta::hours(2));
        assert!(clock.now() < noon);
    }
}
