//! Rate limits over a sliding window, kept in this process or shared through Redis.
//!
//! A key has two counters: of the present window, and of the one before it. The number of requests in
//! the sliding window is taken as the present count plus the share of the previous window that still
//! lies in it, as if its requests had come evenly. Two numbers a key are enough, and a burst at the
//! border of two windows cannot pass twice.

mod local;
mod redis;

pub use local::LocalLimiter;
pub use redis::{RedisLimiter, RedisLimiterError};

use atc_core::ports::{Decision, Limit};

/// The two counters of a key at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counters {
    /// Which window `present` counts, as its number since the epoch.
    window: i64,
    present: u32,
    previous: u32,
}

impl Counters {
    /// Counts a request at `now_ms` if it may pass.
    fn hit(&mut self, limit: Limit, now_ms: i64) -> Decision {
        if limit.requests == 0 {
            return Decision { allowed: true, remaining: u32::MAX, reset_s: 0 };
        }
        let length_ms = i64::from(limit.window_s.max(1)) * 1000;
        self.turn_to(now_ms.div_euclid(length_ms));
        let elapsed_ms = now_ms.rem_euclid(length_ms);
        let used = self.used(elapsed_ms, length_ms);
        let most = f64::from(limit.requests);
        if used + 1.0 > most {
            let wait_ms = self.wait_ms(limit, elapsed_ms, length_ms);
            return Decision { allowed: false, remaining: 0, reset_s: ceil_s(wait_ms) };
        }
        self.present += 1;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=u32::MAX")]
        let remaining = (most - used - 1.0).floor() as u32;
        Decision { allowed: true, remaining, reset_s: ceil_s(length_ms - elapsed_ms) }
    }

    fn turn_to(&mut self, window: i64) {
        if window == self.window + 1 {
            self.previous = self.present;
            self.present = 0;
        } else if window != self.window {
            self.previous = 0;
            self.present = 0;
        }
        self.window = window;
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a window")]
    fn used(&self, elapsed_ms: i64, length_ms: i64) -> f64 {
        let share = 1.0 - elapsed_ms as f64 / length_ms as f64;
        f64::from(self.present) + f64::from(self.previous) * share
    }

    /// Milliseconds until one more request will pass.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "milliseconds of a window"
    )]
    fn wait_ms(&self, limit: Limit, elapsed_ms: i64, length_ms: i64) -> i64 {
        let room = f64::from(limit.requests) - 1.0;
        // A window's count has shrunk to the room when this much of the next one has passed.
        let shrunk = |count: u32, room: f64| {
            let share = if count == 0 { 0.0 } else { (1.0 - room / f64::from(count)).max(0.0) };
            (share * length_ms as f64).ceil() as i64
        };
        let here = room - f64::from(self.present);
        if here >= 0.0 {
            (shrunk(self.previous, here) - elapsed_ms).max(1)
        } else {
            length_ms - elapsed_ms + shrunk(self.present, room)
        }
    }
}

fn ceil_s(ms: i64) -> u32 {
    u32::try_from(ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) > 0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { requests: 10, window_s: 60 };

    #[test]
    fn so_many_pass_and_no_more() {
        let mut counters = Counters::default();
        let passed: Vec<_> = (0..12).map(|_| counters.hit(LIMIT, 0)).collect();
        assert_eq!(passed.iter().filter(|d| d.allowed).count(), 10);
        assert_eq!(passed[0].remaining, 9);
        assert_eq!(passed[9].remaining, 0);
        assert!(passed[10].reset_s > 0);
    }

    #[test]
    fn a_burst_at_the_border_does_not_pass_twice() {
        let mut counters = Counters::default();
        for _ in 0..10 {
            assert!(counters.hit(LIMIT, 59_000).allowed);
        }
        let after = (0..10).filter(|_| counters.hit(LIMIT, 61_000).allowed).count();
        assert!(after <= 1, "{after}");
    }

    proptest! {
        /// Whoever waits as long as they were told gets through.
        #[test]
        fn the_wait_that_is_named_is_enough(
            steps in prop::collection::vec(0i64..30_000, 1..60), requests in 1u32..20,
        ) {
            let limit = Limit { requests, window_s: 60 };
            let mut counters = Counters::default();
            let mut now_ms = 0;
            for step in steps {
                now_ms += step;
                let decision = counters.hit(limit, now_ms);
                if !decision.allowed {
                    let mut later = counters;
                    prop_assert!(later.hit(limit, now_ms + i64::from(decision.reset_s) * 1000).allowed);
                }
            }
        }

        /// No window of any position sees more than twice the limit, and an even stream sees no
        /// more than the limit.
        #[test]
        fn an_even_stream_is_held_to_the_limit(gap_ms in 100i64..5_000) {
            let mut counters = Counters::default();
            let passed: Vec<i64> = (0..500)
                .map(|n| n * gap_ms)
                .filter(|now| counters.hit(LIMIT, *now).allowed)
                .collect();
            for start in &passed {
                let in_window = passed.iter().filter(|t| (*start..start + 60_000).contains(*t));
                prop_assert!(in_window.count() <= 12);
            }
        }
    }
}
