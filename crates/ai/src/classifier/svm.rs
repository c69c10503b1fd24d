//! Linear support vector machines, one against the rest, all classes at once.
//!
//! Dual coordinate descent with squared hinge loss: Hsieh et al., "A Dual Coordinate Descent Method
//! for Large-scale Linear SVM", ICML 2008, algorithm 1. The machines of all classes visit the texts in
//! the same order, so that the inner loops run over classes and every text is read once a round.

use super::{
    folds::Sequence,
    matrix::{Matrix, SparseRows, add_scaled},
};

/// The most rounds over all texts; the fusion corrects what is left of the error.
const ROUNDS: usize = 10;
/// Ends when no machine wants to move a text further than this.
const TOLERANCE: f32 = 0.1;

/// What is to be separated.
pub(super) struct Problem<'a> {
    /// The dense columns of every text, a constant one included.
    pub dense: &'a Matrix,
    /// The sparse columns, and how much each column counts for each class, where there are any.
    pub sparse: Option<(&'a SparseRows, &'a Matrix)>,
    /// The class of every text.
    pub classes: &'a [usize],
    /// How much an error on this text costs.
    pub costs: &'a [f32],
    /// How many classes there are.
    pub class_count: usize,
}

/// The weight of every column for every class.
pub(super) struct Weights {
    pub dense: Matrix,
    pub sparse: Matrix,
}

/// Separates each class from the others.
pub(super) fn separate(problem: &Problem<'_>) -> Weights {
    let (texts, k) = (problem.classes.len(), problem.class_count);
    let columns = problem.sparse.map_or(0, |(_, scale)| scale.rows());
    let mut weights = Weights {
        dense: Matrix::zeros(problem.dense.columns(), k),
        sparse: Matrix::zeros(columns, k),
    };
    let squares = squares(problem);
    let mut alphas = Matrix::zeros(texts, k);
    let mut order: Vec<usize> = (0..texts).collect();
    let mut sequence = Sequence::new();
    let (mut scores, mut steps) = (vec![0.0f32; k], vec![0.0f32; k]);
    for _ in 0..ROUNDS {
        sequence.shuffle(&mut order);
        let mut farthest = 0.0f32;
        for &i in &order {
            scores.fill(0.0);
            weights.dense.multiply_into(problem.dense.row(i), &mut scores);
            if let Some((rows, _)) = problem.sparse {
                for (column, x) in rows.row(i) {
                    add_scaled(&mut scores, *x, weights.sparse.row(*column as usize));
                }
            }
            let (class, cost) = (problem.classes[i], problem.costs[i]);
            let moved = step(alphas.row_mut(i), squares.row(i), &scores, &mut steps, class, cost);
            if moved > 0.0 {
                farthest = farthest.max(moved);
                apply(problem, i, &steps, &mut weights);
            }
        }
        if farthest < TOLERANCE {
            break;
        }
    }
    weights
}

/// One text's step in every machine. Gives how far the one that moved most wanted to go.
fn step(
    alphas: &mut [f32],
    squares: &[f32],
    scores: &[f32],
    steps: &mut [f32],
    class: usize,
    cost: f32,
) -> f32 {
    let diagonal = 0.5 / cost;
    let mut farthest = 0.0f32;
    for c in 0..alphas.len() {
        let side = if c == class { 1.0 } else { -1.0 };
        let gradient = side * scores[c] - 1.0 + alphas[c] * diagonal;
        let next = (alphas[c] - gradient / (squares[c] + diagonal)).max(0.0);
        let change = next - alphas[c];
        alphas[c] = next;
        steps[c] = change * side;
        if change != 0.0 {
            farthest = farthest.max(gradient.abs());
        }
    }
    farthest
}

fn apply(problem: &Problem<'_>, i: usize, steps: &[f32], weights: &mut Weights) {
    for (column, x) in problem.dense.row(i).iter().enumerate() {
        add_scaled(weights.dense.row_mut(column), *x, steps);
    }
    if let Some((rows, scale)) = problem.sparse {
        for (column, x) in rows.row(i) {
            let column = *column as usize;
            let scales = scale.row(column);
            for ((w, s), r) in weights.sparse.row_mut(column).iter_mut().zip(steps).zip(scales) {
                *w += x * s * r;
            }
        }
    }
}

/// The squared length of every text as each machine sees it.
fn squares(problem: &Problem<'_>) -> Matrix {
    let (texts, k) = (problem.classes.len(), problem.class_count);
    let mut squares = Matrix::zeros(texts, k);
    for i in 0..texts {
        let dense: f32 = problem.dense.row(i).iter().map(|x| x * x).sum();
        squares.row_mut(i).fill(dense);
        if let Some((rows, scale)) = problem.sparse {
            for (column, x) in rows.row(i) {
                add_scaled(squares.row_mut(i), x * x, scale.row(*column as usize));
            }
        }
    }
    squares
}

/// How much each column tells each class from the rest: the absolute log of the ratio of its
/// frequencies in both (Wang and Manning, "Baselines and Bigrams", ACL 2012). Its root scales the
/// column; this is its square, as [`Problem::sparse`] wants it.
pub(super) fn ratios(
    rows: &SparseRows,
    columns: usize,
    classes: &[usize],
    costs: &[f32],
    class_count: usize,
) -> Matrix {
    let mut counts = Matrix::zeros(columns, class_count);
    let mut sizes = vec![0.0f32; class_count];
    for (i, class) in classes.iter().enumerate() {
        sizes[*class] += costs[i];
        for (column, _) in rows.row(i) {
            counts.row_mut(*column as usize)[*class] += costs[i];
        }
    }
    let all: f32 = sizes.iter().sum();
    for column in 0..columns {
        let row = counts.row_mut(column);
        let total: f32 = row.iter().sum();
        for (count, size) in row.iter_mut().zip(&sizes) {
            let inside = (1.0 + *count) / (2.0 + size);
            let outside = (1.0 + total - *count) / (2.0 + all - size);
            *count = (inside / outside).ln().abs();
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_separates_what_can_be_separated() {
        let mut dense = Matrix::with_columns(3);
        let classes: Vec<usize> = (0..60).map(|i| i % 3).collect();
        for class in &classes {
            let mut row = [0.1, 0.1, 0.1];
            row[*class] = 1.0;
            dense.push(&row);
        }
        let costs = vec![1.0; 60];
        let weights = separate(&Problem {
            dense: &dense,
            sparse: None,
            classes: &classes,
            costs: &costs,
            class_count: 3,
        });
        for (i, class) in classes.iter().enumerate() {
            let mut scores = [0.0; 3];
            weights.dense.multiply_into(dense.row(i), &mut scores);
            let best = (0..3).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
            assert_eq!(best, Some(*class), "{scores:?}");
        }
    }

    #[test]
    fn telling_columns_have_large_ratios() {
        let mut rows = SparseRows::new();
        for i in 0..40u32 {
            rows.push(&[(i % 2, 1.0), (2, 1.0)]);
        }
        let classes: Vec<usize> = (0..40).map(|i| i % 2).collect();
        let ratios = ratios(&rows, 3, &classes, &[1.0; 40], 2);
        assert!(ratios.row(0)[0] > 2.0 && ratios.row(2)[0] < 0.1);
    }
}
