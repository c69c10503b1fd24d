//! When a job that failed is tried again.

use std::time::Duration;

/// Waits that double from attempt to attempt, each shortened by chance, so that jobs that failed
/// together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first attempt.
    pub first: Duration,
    /// The longest wait after any attempt.
    pub most: Duration,
}

impl Default for Backoff {
    /// From 5 s to an hour.
    fn default() -> Self {
        Self { first: Duration::from_secs(5), most: Duration::from_hours(1) }
    }
}

impl Backoff {
    /// How long to wait after this attempt; the first is 1. The wait lies between half and the whole
    /// of the doubled one, where `random` says ("equal jitter").
    #[must_use]
    pub fn wait(&self, attempt: u16, random: u64) -> Duration {
        let doublings = u32::from(attempt.saturating_sub(1)).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.most);
        let half_ms = u64::try_from(whole.as_millis() / 2).unwrap_or(u64::MAX);
        Duration::from_millis(half_ms.saturating_add(random % half_ms.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_lie_between_half_and_whole(attempt in 1_u16.., random: u64) {
            let backoff = Backoff::default();
            let wait = backoff.wait(attempt, random);
            let whole = backoff.first.saturating_mul(1 << u32::from(attempt - 1).min(20));
            let whole = whole.min(backoff.most);
            prop_assert!(wait >= whole / 2 && wait <= whole);
        }
    }

    #[test]
    fn waits_grow_and_end_growing() {
        let backoff = Backoff::default();
        let waits: Vec<u128> = (1..=12).map(|n| backoff.wait(n, 0).as_millis()).collect();
        assert_eq!(waits[..4], [2_500, 5_000, 10_000, 20_000]);
        assert_eq!(waits[11], 1_800_000);
    }
}
