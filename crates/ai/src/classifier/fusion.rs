//! Joining the views: a conditional logit over their scores, whose weights begin where they served
//! well elsewhere and move as far as the texts at hand justify.

use serde::{Deserialize, Serialize};

use super::{
    VIEWS, ViewScores,
    optimise::{minimise, minimise_within},
};

/// Where the weights begin: prior score, support vectors, discriminant, words, neighbours. Chosen on
/// sets of labelled requests (`eval/`), not on the tickets of any installation.
const FIRST_WEIGHTS: [f64; VIEWS] = [0.3, 0.7, 1.4, 2.2, 0.3];
/// How far the whole is first trusted.
const FIRST_TRUST: f64 = 0.4;
/// What moving trust, weights and biases costs, in units of log-likelihood.
const TRUST_COST: f64 = 10.0;
const WEIGHT_COST: f64 = 3.0;
const BIAS_COST: f64 = 3.0;

/// How much each view counts, and how much each class is preferred.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fusion {
    pub weights: [f64; VIEWS],
    pub biases: Vec<f64>,
}

/// A text with known class that no view had seen.
pub(super) struct HeldOut {
    pub scores: ViewScores,
    pub class: usize,
    /// How much it counts; rare classes count more.
    pub weight: f64,
    /// The cosine to the nearest text that the views had seen.
    pub nearest: f32,
}

impl Fusion {
    /// Learns how to join the views.
    pub fn learn(texts: &[HeldOut], class_count: usize) -> Self {
        let trust = trust(texts);
        let first: [f64; VIEWS] = FIRST_WEIGHTS.map(|w| w * trust);
        // A weight is e to the power of what is moved, so that it stays positive.
        let mut start: Vec<f64> = first.iter().map(|w| w.ln()).collect();
        start.resize(VIEWS + class_count, 0.0);
        let found = minimise(start, 60, |x, gradient| loss(x, gradient, texts, &first));
        let mut weights = [0.0; VIEWS];
        weights.iter_mut().zip(&found).for_each(|(w, x)| *w = x.exp());
        Self { weights, biases: found[VIEWS..].iter().map(|b| b.clamp(-3.0, 3.0)).collect() }
    }

    /// The joined score of every class.
    pub fn join(&self, scores: &ViewScores) -> Vec<f64> {
        let joined = |(views, bias): (&[f32; VIEWS], &f64)| {
            views.iter().zip(&self.weights).map(|(s, w)| f64::from(*s) * w).sum::<f64>() + bias
        };
        scores.iter().zip(&self.biases).map(joined).collect()
    }
}

/// One factor for all first weights.
fn trust(texts: &[HeldOut]) -> f64 {
    let joined: Vec<(Vec<f64>, usize, f64)> = texts
        .iter()
        .map(|text| {
            let join = |views: &[f32; VIEWS]| {
                views.iter().zip(&FIRST_WEIGHTS).map(|(s, w)| f64::from(*s) * w).sum()
            };
            (text.scores.iter().map(join).collect(), text.class, text.weight)
        })
        .collect();
    let cost = |log_trust: f64| {
        let trust = log_trust.exp();
        let misfit: f64 = joined
            .iter()
            .map(|(q, class, weight)| {
                let scaled: Vec<f64> = q.iter().map(|s| s * trust).collect();
                weight * (log_sum_exp(&scaled) - scaled[*class])
            })
            .sum();
        misfit + TRUST_COST * (log_trust - FIRST_TRUST.ln()).powi(2)
    };
    minimise_within(-3.0, 1.5, cost).exp()
}

fn loss(x: &[f64], gradient: &mut [f64], texts: &[HeldOut], first: &[f64; VIEWS]) -> f64 {
    gradient.fill(0.0);
    let mut weights = [0.0; VIEWS];
    weights.iter_mut().zip(x).for_each(|(w, x)| *w = x.exp());
    let biases = &x[VIEWS..];
    let mut loss = 0.0;
    for text in texts {
        let join = |(views, bias): (&[f32; VIEWS], &f64)| {
            views.iter().zip(&weights).map(|(s, w)| f64::from(*s) * w).sum::<f64>() + bias
        };
        let joined: Vec<f64> = text.scores.iter().zip(biases).map(join).collect();
        let total = log_sum_exp(&joined);
        loss += text.weight * (total - joined[text.class]);
        for (class, (views, q)) in text.scores.iter().zip(&joined).enumerate() {
            let right = if class == text.class { 1.0 } else { 0.0 };
            let error = text.weight * ((q - total).exp() - right);
            for (g, s) in gradient.iter_mut().zip(views) {
                *g += error * f64::from(*s);
            }
            gradient[VIEWS + class] += error;
        }
    }
    for v in 0..VIEWS {
        let moved = weights[v] / first[v] - 1.0;
        loss += WEIGHT_COST * moved * moved;
        gradient[v] = (gradient[v] + 2.0 * WEIGHT_COST * moved / first[v]) * weights[v];
    }
    for (class, bias) in biases.iter().enumerate() {
        loss += BIAS_COST * bias * bias;
        gradient[VIEWS + class] += 2.0 * BIAS_COST * bias;
    }
    loss
}

/// The logarithm of the sum of the exponentials.
pub(super) fn log_sum_exp(scores: &[f64]) -> f64 {
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !peak.is_finite() {
        return peak;
    }
    peak + scores.iter().map(|s| (s - peak).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_knows_gains_and_one_that_guesses_loses() {
        let texts: Vec<HeldOut> = (0..200)
            .map(|i| {
                let class = i % 2;
                let mut scores = vec![[0.0; VIEWS]; 2];
                scores[class][1] = 1.0;
                scores[(i / 2) % 2][3] = 1.0;
                HeldOut { scores, class, weight: 1.0, nearest: 0.5 }
            })
            .collect();
        let fusion = Fusion::learn(&texts, 2);
        assert!(fusion.weights[1] > FIRST_WEIGHTS[1] && fusion.weights[3] < FIRST_WEIGHTS[3]);
        let joined = fusion.join(&texts[0].scores);
        assert!(joined[0] > joined[1]);
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let texts: Vec<HeldOut> = (0..7u8)
            .map(|i| HeldOut {
                scores: vec![
                    [f32::from(i) * 0.1, 0.2, -0.3, 0.4, 0.1],
                    [0.5, -0.1, 0.2, f32::from(i % 3), 0.0],
                ],
                class: usize::from(i % 2),
                weight: 1.0 + f64::from(i),
                nearest: 0.0,
            })
            .collect();
        let x = [-0.3, 0.2, 0.1, -0.5, 0.4, 0.3, -0.2];
        let mut gradient = vec![0.0; 7];
        loss(&x, &mut gradient, &texts, &FIRST_WEIGHTS);
        for i in 0..7 {
            let at = |h: f64| {
                let mut moved = x;
                moved[i] += h;
                loss(&moved, &mut [0.0; 7], &texts, &FIRST_WEIGHTS)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (slope - gradient[i]).abs() < 1e-3 * (1.0 + slope.abs()),
                "{i}: {slope} {}",
                gradient[i]
            );
        }
    }
}
