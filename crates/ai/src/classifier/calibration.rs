//! How sure to be: a probability that is right as often as it says.
//!
//! Platt scaling of the largest probability ("Probabilistic Outputs for Support Vector Machines",
//! 1999) on texts that no view had seen; and less confidence for a text that is less familiar than
//! nearly all of those were.

use serde::{Deserialize, Serialize};

use super::optimise::minimise;

/// What changing the slope and the offset costs, in units of log-likelihood.
const COST: f64 = 40.0;
/// The share of held-out texts that count as hardly familiar.
const HARDLY_FAMILIAR: f64 = 0.05;
/// The most familiarities that are kept.
const MAX_KEPT: usize = 1_000;

/// What was learnt of one's own sureness.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Calibration {
    slope: f64,
    offset: f64,
    /// How familiar the held-out texts were, in rising order.
    familiar: Vec<f64>,
}

/// What one held-out text teaches.
pub(super) struct Sample {
    /// The largest probability.
    pub largest: f64,
    /// Whether it was of the right class.
    pub right: bool,
    /// How familiar the text was.
    pub familiarity: f64,
}

impl Calibration {
    pub fn learn(samples: &[Sample]) -> Self {
        let found = minimise(vec![1.0, 0.0], 100, |x, gradient| {
            let mut loss = COST * ((x[0] - 1.0).powi(2) + x[1] * x[1]);
            gradient[0] = 2.0 * COST * (x[0] - 1.0);
            gradient[1] = 2.0 * COST * x[1];
            for sample in samples {
                let at = logit(sample.largest);
                let z = x[0] * at + x[1];
                let right = if sample.right { 1.0 } else { 0.0 };
                loss += softplus(z) - right * z;
                let error = sigmoid(z) - right;
                gradient[0] += error * at;
                gradient[1] += error;
            }
            loss
        });
        let mut familiar: Vec<f64> = samples.iter().map(|s| s.familiarity).collect();
        familiar.sort_unstable_by(f64::total_cmp);
        let every = familiar.len().div_ceil(MAX_KEPT).max(1);
        let familiar = familiar.into_iter().step_by(every).collect();
        Self { slope: found[0].clamp(0.05, 5.0), offset: found[1].clamp(-5.0, 5.0), familiar }
    }

    /// The probability that the class is right.
    pub fn confidence(&self, largest: f64, familiarity: f64) -> f64 {
        sigmoid(self.slope * logit(largest) + self.offset) * self.damping(familiarity)
    }

    /// 1 for a familiar text, less for one that is stranger than nearly all that were held out.
    fn damping(&self, familiarity: f64) -> f64 {
        if self.familiar.is_empty() {
            return 1.0;
        }
        let below = self.familiar.partition_point(|f| *f < familiarity);
        #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
        let rank = (below as f64 + 0.5) / self.familiar.len() as f64;
        let damping = (rank / HARDLY_FAMILIAR).min(1.0).sqrt();
        match self.familiar.first() {
            // Among the strangest of all, the stranger is still the less sure.
            Some(least) if below == 0 => damping / (1.0 + (least - familiarity).max(0.0)),
            _ => damping,
        }
    }
}

/// Sharpens or blunts the distribution `exp(scores)` until its largest probability is `largest`; the
/// order of the classes stays.
pub(super) fn distribution_with_peak(scores: &[f64], largest: f64) -> Vec<f64> {
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let at = |sharpness: f64| -> Vec<f64> {
        let raised: Vec<f64> = scores.iter().map(|s| ((s - peak) * sharpness).exp()).collect();
        let sum: f64 = raised.iter().sum();
        raised.into_iter().map(|x| x / sum).collect()
    };
    let highest = |p: &[f64]| p.iter().copied().fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, 64.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if highest(&at(middle)) < largest {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(f64::midpoint(low, high))
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_too_sure_becomes_less_so() {
        let samples: Vec<Sample> = (0..1_000)
            .map(|i| Sample { largest: 0.95, right: i % 10 < 6, familiarity: f64::from(i) })
            .collect();
        let calibration = Calibration::learn(&samples);
        let sure = calibration.confidence(0.95, 500.0);
        assert!((0.55..0.72).contains(&sure), "{sure}");
        let strange = calibration.confidence(0.95, -5.0);
        let stranger = calibration.confidence(0.95, -50.0);
        assert!(stranger < strange && strange < sure / 2.0, "{stranger} {strange} {sure}");
    }

    #[test]
    fn a_peak_is_met_and_the_order_stays() {
        let p = distribution_with_peak(&[1.0, 0.5, -2.0], 0.6);
        assert!((p[0] - 0.6).abs() < 1e-6 && p[0] > p[1] && p[1] > p[2]);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let even = distribution_with_peak(&[1.0, 0.5], 0.1);
        assert!((even[0] - 0.5).abs() < 1e-6, "no peak is below an even share");
    }
}
