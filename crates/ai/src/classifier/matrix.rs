//! Dense and sparse rows of numbers.

use serde::{Deserialize, Serialize};

/// Rows of equal length, one after the other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Matrix {
    columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { columns, values: vec![0.0; rows * columns] }
    }

    pub fn with_columns(columns: usize) -> Self {
        Self { columns, values: Vec::new() }
    }

    /// Adds a row, which must have as many numbers as the others.
    pub fn push(&mut self, row: &[f32]) {
        debug_assert_eq!(row.len(), self.columns);
        self.values.extend_from_slice(row);
    }

    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        &mut self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// Adds `row · self` to `sums`: `row` has a number for every row of `self`.
    pub fn multiply_into(&self, row: &[f32], sums: &mut [f32]) {
        for (x, weights) in row.iter().zip(self.values.chunks_exact(self.columns.max(1))) {
            add_scaled(sums, *x, weights);
        }
    }
}

/// Adds `x` times each number of `from`.
pub(super) fn add_scaled(to: &mut [f32], x: f32, from: &[f32]) {
    for (t, f) in to.iter_mut().zip(from) {
        *t += x * f;
    }
}

/// Rows of which most numbers are zero: each a list of columns and values.
#[derive(Debug, Clone, Default)]
pub(crate) struct SparseRows {
    starts: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl SparseRows {
    pub fn new() -> Self {
        Self { starts: vec![0], entries: Vec::new() }
    }

    pub fn push(&mut self, row: &[(u32, f32)]) {
        self.entries.extend_from_slice(row);
        self.starts.push(self.entries.len());
    }

    pub fn row(&self, i: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[i]..self.starts[i + 1]]
    }
}
