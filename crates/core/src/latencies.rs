//! How long the latest calls took.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How many calls are remembered.
const REMEMBERED: usize = 512;

/// Counts calls and remembers how long the latest took.
#[derive(Debug, Default)]
pub struct Latencies {
    calls: AtomicU64,
    errors: AtomicU64,
    latest_ms: Mutex<VecDeque<f64>>,
}

impl Latencies {
    /// Counts a call; how long a failed one took is not remembered.
    pub fn note(&self, took: Duration, failed: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if failed {
            self.errors.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut latest = self.latest_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.len() == REMEMBERED {
            latest.pop_front();
        }
        latest.push_back(took.as_secs_f64() * 1000.0);
    }

    /// Calls, and how many of them failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed))
    }

    /// The median and the 95th percentile in milliseconds; 0 before the first call.
    pub fn percentiles(&self) -> (f64, f64) {
        let latest = self.latest_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<f64> = latest.iter().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |percent: usize| sorted.get(sorted.len() * percent / 100).copied().unwrap_or(0.0);
        (at(50), at(95))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_latest() {
        let latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), (0.0, 0.0));
        for ms in 1..=2_000 {
            latencies.note(Duration::from_millis(ms), false);
        }
        latencies.note(Duration::ZERO, true);
        let (p50, p95) = latencies.percentiles();
        assert!((1_740.0..1_750.0).contains(&p50) && (1_970.0..1_980.0).contains(&p95));
        assert_eq!(latencies.counts(), (2_001, 1));
    }
}
