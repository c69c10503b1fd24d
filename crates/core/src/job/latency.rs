//! How long jobs take, summed up: counts by steps of time, from which quantiles are estimated.

/// The upper bounds of the steps, in milliseconds: six a decade, from 1 ms to 10 h. What takes longer
/// falls into one more step. A database counts by them as well.
pub const STEPS_MS: [i64; 46] = [
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000,
    3_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000, 50_000, 70_000, 100_000, 150_000, 200_000,
    300_000, 500_000, 700_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000, 7_000_000,
    10_000_000, 15_000_000, 20_000_000, 30_000_000, 36_000_000,
];

/// The error of a product of two numbers up to 1, with room to spare.
const ROUNDING: f64 = 1e-12;

/// Durations, counted by [`STEPS_MS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latencies([u64; STEPS_MS.len() + 1]);

impl Default for Latencies {
    fn default() -> Self {
        Self([0; STEPS_MS.len() + 1])
    }
}

impl Latencies {
    /// Counts `count` durations of a step; a step that does not exist is the last one.
    pub fn add(&mut self, step: usize, count: u64) {
        let step = step.min(STEPS_MS.len());
        self.0[step] = self.0[step].saturating_add(count);
    }

    /// The step that a duration falls into: the first whose bound it does not exceed.
    #[must_use]
    pub fn step(ms: i64) -> usize {
        STEPS_MS.partition_point(|bound| *bound < ms)
    }

    /// The duration in milliseconds that the part `q`, 0 to 1, of all does not exceed, taken to lie
    /// evenly within its step (as Prometheus' `histogram_quantile` does). `None` where nothing was
    /// counted; the last bound where the answer lies beyond it.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total: u64 = self.0.iter().sum();
        if total == 0 {
            return None;
        }
        // 0.07 times 100 is a little more than 7.
        let rank = q.clamp(0.0, 1.0) * as_f64(total) - ROUNDING * as_f64(total);
        let mut below = 0.0;
        for (step, count) in self.0.iter().map(|n| as_f64(*n)).enumerate() {
            if count > 0.0 && below + count >= rank {
                let floor = if step == 0 { 0 } else { STEPS_MS[step - 1] };
                let Some(bound) = STEPS_MS.get(step) else { return Some(ms_f64(floor)) };
                let within = ((rank - below) / count).clamp(0.0, 1.0);
                return Some(ms_f64(floor) + within * ms_f64(bound - floor));
            }
            below += count;
        }
        None
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of jobs are far below 2^52")]
const fn as_f64(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "the bounds are far below 2^52")]
const fn ms_f64(ms: i64) -> f64 {
    ms as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(durations: &[i64]) -> Latencies {
        let mut latencies = Latencies::default();
        for ms in durations {
            latencies.add(Latencies::step(*ms), 1);
        }
        latencies
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Latencies::default().quantile(0.5), None);
    }

    #[test]
    fn what_is_beyond_the_last_step_is_told_as_its_bound() {
        assert_eq!(of(&[i64::MAX]).quantile(0.5), Some(36_000_000.0));
    }

    proptest! {
        #[test]
        fn a_quantile_lies_in_the_step_of_the_true_one(
            mut durations in prop::collection::vec(0_i64..36_000_000, 1..200),
            percent in 1_usize..=100,
        ) {
            let estimate = of(&durations).quantile(f64::from(u8::try_from(percent).unwrap()) / 100.0);
            durations.sort_unstable();
            let rank = (durations.len() * percent).div_ceil(100);
            let step = Latencies::step(durations[rank - 1]);
            let floor = if step == 0 { 0 } else { STEPS_MS[step - 1] };
            let estimate = estimate.unwrap();
            prop_assert!(estimate >= ms_f64(floor) && estimate <= ms_f64(STEPS_MS[step]));
        }
    }

    #[test]
    fn steps_grow() {
        assert!(STEPS_MS.is_sorted_by(|a, b| a < b));
        assert_eq!((Latencies::step(0), Latencies::step(1), Latencies::step(2)), (0, 0, 1));
    }
}
