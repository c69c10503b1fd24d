//! Finding the lowest point of a smooth function.

use std::collections::VecDeque;

/// How many steps the curvature is estimated from.
const MEMORY: usize = 8;

/// L-BFGS with a backtracking line search (Nocedal and Wright, "Numerical Optimization", algorithms
/// 7.4 and 3.1). `f` gives the value and writes the gradient.
pub(super) fn minimise(
    mut x: Vec<f64>,
    rounds: usize,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let n = x.len();
    let mut gradient = vec![0.0; n];
    let mut value = f(&x, &mut gradient);
    let mut history: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for _ in 0..rounds {
        let direction = direction(&gradient, &history);
        let slope = dot(&direction, &gradient);
        if !slope.is_finite() || slope > -1e-10 {
            break;
        }
        let mut length =
            if history.is_empty() { 1.0 / (1.0 + dot(&gradient, &gradient).sqrt()) } else { 1.0 };
        let mut next_gradient = vec![0.0; n];
        let (next, next_value) = loop {
            let next: Vec<f64> = x.iter().zip(&direction).map(|(a, d)| a + length * d).collect();
            let next_value = f(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope {
                break (next, next_value);
            }
            length *= 0.5;
            if length < 1e-10 {
                return x;
            }
        };
        let step: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&step, &change);
        let gain = value - next_value;
        (x, value, gradient) = (next, next_value, next_gradient);
        if curvature > 1e-12 {
            history.push_back((step, change, curvature));
            if history.len() > MEMORY {
                history.pop_front();
            }
        }
        if gain < 1e-7 * (1.0 + value.abs()) {
            break;
        }
    }
    x
}

/// Downhill, as the steps before have shown the ground to be curved.
fn direction(gradient: &[f64], history: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(history.len());
    for (step, change, curvature) in history.iter().rev() {
        let alpha = dot(step, &q) / curvature;
        q.iter_mut().zip(change).for_each(|(a, c)| *a -= alpha * c);
        alphas.push(alpha);
    }
    if let Some((_, change, curvature)) = history.back() {
        let scale = curvature / dot(change, change);
        for a in &mut q {
            *a *= scale;
        }
    }
    for ((step, change, curvature), alpha) in history.iter().zip(alphas.into_iter().rev()) {
        let beta = dot(change, &q) / curvature;
        q.iter_mut().zip(step).for_each(|(a, s)| *a += (alpha - beta) * s);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The lowest point of a function of one number within bounds, by golden section.
#[expect(clippy::many_single_char_names, reason = "the four points of the textbook")]
pub(super) fn minimise_within(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let golden = (5.0f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (low, high);
    let (mut c, mut d) = (b - golden * (b - a), a + golden * (b - a));
    let (mut fc, mut fd) = (f(c), f(d));
    for _ in 0..40 {
        if fc < fd {
            (b, d, fd) = (d, c, fc);
            c = b - golden * (b - a);
            fc = f(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + golden * (b - a);
            fd = f(d);
        }
    }
    f64::midpoint(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valleys_are_found() {
        let rosenbrock = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        };
        let found = minimise(vec![-1.2, 1.0], 500, rosenbrock);
        assert!((found[0] - 1.0).abs() < 0.01 && (found[1] - 1.0).abs() < 0.02, "{found:?}");
        assert!((minimise_within(-3.0, 5.0, |x| (x - 2.0).powi(2)) - 2.0).abs() < 1e-6);
    }
}
