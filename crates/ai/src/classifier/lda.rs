//! Linear discriminant analysis with a shrunk covariance and centroids that begin at the class's own
//! description (Friedman, "Regularized Discriminant Analysis", JASA 1989).

use super::matrix::{Matrix, add_scaled};

/// How many texts the description counts for.
const DESCRIPTION_COUNTS: f32 = 1.0;
/// How much of the mean variance is added to every dimension.
const SHRINKAGE: f64 = 3.0;

/// A linear score for every class.
pub(super) struct Discriminant {
    /// A row for every dimension, a column for every class.
    pub weights: Matrix,
    pub biases: Vec<f32>,
}

/// Learns from embeddings with their classes; `descriptions` has a row for every class.
pub(super) fn learn(
    embeddings: &Matrix,
    rows: &[usize],
    classes: &[usize],
    descriptions: &Matrix,
) -> Discriminant {
    let (d, k) = (embeddings.columns(), descriptions.rows());
    let mut means = Matrix::zeros(k, d);
    let mut sizes = vec![0.0f32; k];
    for (row, class) in rows.iter().zip(classes) {
        sizes[*class] += 1.0;
        add_scaled(means.row_mut(*class), 1.0, embeddings.row(*row));
    }
    let mut centroids = Matrix::zeros(k, d);
    for (class, size) in sizes.iter().enumerate() {
        let weight = size + DESCRIPTION_COUNTS;
        add_scaled(centroids.row_mut(class), 1.0 / weight, means.row(class));
        add_scaled(centroids.row_mut(class), DESCRIPTION_COUNTS / weight, descriptions.row(class));
        for x in means.row_mut(class) {
            *x /= size.max(1.0);
        }
    }
    let covariance = covariance(embeddings, rows, classes, &means);
    let used = sizes.iter().filter(|n| **n > 0.0).count();
    let factor = cholesky(shrunk(&covariance, d, rows.len().saturating_sub(used).max(1)), d);
    solve(&factor, d, &centroids)
}

/// The sum of the outer products of what is left of each embedding when its class's mean is taken
/// away; the lower triangle.
fn covariance(embeddings: &Matrix, rows: &[usize], classes: &[usize], means: &Matrix) -> Vec<f32> {
    let d = embeddings.columns();
    let mut sums = vec![0.0f32; d * d];
    let mut rest = vec![0.0f32; d];
    for (row, class) in rows.iter().zip(classes) {
        for ((r, x), m) in rest.iter_mut().zip(embeddings.row(*row)).zip(means.row(*class)) {
            *r = x - m;
        }
        for i in 0..d {
            add_scaled(&mut sums[i * d..=i * d + i], rest[i], &rest[..=i]);
        }
    }
    sums
}

#[expect(clippy::cast_precision_loss, reason = "dimensions and counts")]
fn shrunk(covariance: &[f32], d: usize, freedom: usize) -> Vec<f64> {
    let mut matrix: Vec<f64> = covariance.iter().map(|x| f64::from(*x) / freedom as f64).collect();
    let trace: f64 = (0..d).map(|i| matrix[i * d + i]).sum::<f64>() / d as f64;
    let mean = if trace < 1e-9 { 1.0 / d as f64 } else { trace };
    for i in 0..d {
        matrix[i * d + i] += SHRINKAGE * mean;
    }
    matrix
}

/// The lower triangle whose product with its transpose the matrix is. What was added to the diagonal
/// keeps it positive definite.
fn cholesky(mut a: Vec<f64>, d: usize) -> Vec<f64> {
    for j in 0..d {
        for i in j..d {
            let (left, right) = (&a[i * d..i * d + j], &a[j * d..j * d + j]);
            let sum: f64 = left.iter().zip(right).map(|(x, y)| x * y).sum();
            let value = a[i * d + j] - sum;
            a[i * d + j] = if i == j { value.max(1e-12).sqrt() } else { value / a[j * d + j] };
        }
    }
    a
}

#[expect(clippy::cast_possible_truncation, reason = "weights are kept as f32")]
fn solve(factor: &[f64], d: usize, centroids: &Matrix) -> Discriminant {
    let k = centroids.rows();
    let mut weights = Matrix::zeros(d, k);
    let mut biases = Vec::with_capacity(k);
    for class in 0..k {
        let centroid = centroids.row(class);
        let mut x: Vec<f64> = centroid.iter().map(|c| f64::from(*c)).collect();
        for i in 0..d {
            let sum: f64 = (0..i).map(|j| factor[i * d + j] * x[j]).sum();
            x[i] = (x[i] - sum) / factor[i * d + i];
        }
        for i in (0..d).rev() {
            let sum: f64 = (i + 1..d).map(|j| factor[j * d + i] * x[j]).sum();
            x[i] = (x[i] - sum) / factor[i * d + i];
        }
        let bias: f64 = centroid.iter().zip(&x).map(|(c, w)| f64::from(*c) * w).sum();
        biases.push((-0.5 * bias) as f32);
        for (i, w) in x.iter().enumerate() {
            weights.row_mut(i)[class] = *w as f32;
        }
    }
    Discriminant { weights, biases }
}

impl Discriminant {
    /// The scores of an embedding.
    pub fn score(&self, embedding: &[f32], scores: &mut [f32]) {
        scores.copy_from_slice(&self.biases);
        self.weights.multiply_into(embedding, scores);
    }

    /// Scales the scores so that they spread by one over the classes of these embeddings, as those of
    /// the other views do.
    pub fn normalise(&mut self, embeddings: &Matrix, rows: &[usize]) {
        let k = self.biases.len();
        let (mut square, mut count) = (0.0f64, 0.0f64);
        let mut scores = vec![0.0; k];
        for row in rows {
            self.score(embeddings.row(*row), &mut scores);
            #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
            let mean = scores.iter().sum::<f32>() / k as f32;
            square += scores.iter().map(|s| f64::from(s - mean).powi(2)).sum::<f64>();
            #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
            let more = k as f64;
            count += more;
        }
        let spread = (square / count.max(1.0)).sqrt();
        if spread < 1e-9 {
            // A single class, or texts without meaning: there is nothing to bring into proportion.
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a scale")]
        let scale = (1.0 / spread) as f32;
        self.biases.iter_mut().for_each(|b| *b *= scale);
        for i in 0..self.weights.rows() {
            self.weights.row_mut(i).iter_mut().for_each(|w| *w *= scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clouds_are_told_apart() {
        let mut embeddings = Matrix::with_columns(2);
        let classes: Vec<usize> = (0..40).map(|i| i % 2).collect();
        for (i, class) in classes.iter().enumerate() {
            #[expect(clippy::cast_precision_loss)]
            let noise = (i as f32 * 0.7).sin() * 0.2;
            embeddings.push(&if *class == 0 { [1.0, noise] } else { [noise, 1.0] });
        }
        let rows: Vec<usize> = (0..40).collect();
        let mut lda = learn(&embeddings, &rows, &classes, &Matrix::zeros(2, 2));
        lda.normalise(&embeddings, &rows);
        for (row, class) in rows.iter().zip(&classes) {
            let mut scores = [0.0; 2];
            lda.score(embeddings.row(*row), &mut scores);
            assert!(scores[*class] > scores[1 - class]);
        }
    }
}
