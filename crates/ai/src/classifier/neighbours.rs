//! The labelled texts nearest to a text.

use serde::{Deserialize, Serialize};

/// How many neighbours have a say.
const NEIGHBOURS: usize = 20;
/// How fast their say falls with distance.
const SHARPNESS: f32 = 20.0;
/// What a class without any neighbour has.
const NONE: f32 = 1e-4;
/// A unit vector's numbers are kept as so many steps.
const STEPS: f32 = 127.0;

/// Embeddings as signed bytes: a quarter of the memory, and fast to compare.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Neighbours {
    dimensions: usize,
    vectors: Vec<i8>,
    scales: Vec<f32>,
    classes: Vec<u32>,
}

/// What the neighbours say.
pub(super) struct Say {
    /// The cosine to the nearest one, 0 where there is none.
    pub nearest: f32,
    /// Cosine and index of the nearest ones, nearest first.
    pub found: Vec<(f32, usize)>,
}

impl Neighbours {
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, ..Self::default() }
    }

    pub fn push(&mut self, embedding: &[f32], class: usize) {
        let (scale, bytes) = quantised(embedding);
        self.scales.push(scale);
        self.vectors.extend(bytes);
        self.classes.push(u32::try_from(class).unwrap_or(u32::MAX));
    }

    pub fn class(&self, i: usize) -> usize {
        self.classes[i] as usize
    }

    /// Looks at all that `counts` lets through.
    pub fn ask(&self, embedding: &[f32], counts: impl Fn(usize) -> bool) -> Say {
        let (scale, query) = quantised(embedding);
        let query: Vec<i16> = query.into_iter().map(i16::from).collect();
        let mut found: Vec<(f32, usize)> = Vec::with_capacity(NEIGHBOURS * 2);
        let mut least = f32::NEG_INFINITY;
        for (i, vector) in self.vectors.chunks_exact(self.dimensions.max(1)).enumerate() {
            let product: i32 =
                query.iter().zip(vector).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            #[expect(clippy::cast_precision_loss, reason = "below 2^23")]
            let cosine = product as f32 * scale * self.scales[i];
            if cosine > least && counts(i) {
                found.push((cosine, i));
                if found.len() == NEIGHBOURS * 2 {
                    keep_nearest(&mut found);
                    least = found.last().map_or(least, |(c, _)| *c);
                }
            }
        }
        keep_nearest(&mut found);
        Say { nearest: found.first().map_or(0.0, |(c, _)| *c), found }
    }

    /// The score of every class.
    pub fn scores(&self, say: &Say, scores: &mut [f32]) {
        scores.fill(NONE);
        for (cosine, i) in &say.found {
            scores[self.class(*i)] += (SHARPNESS * (cosine - 1.0)).exp();
        }
        for score in scores {
            *score = score.ln();
        }
    }
}

fn keep_nearest(found: &mut Vec<(f32, usize)>) {
    found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found.truncate(NEIGHBOURS);
}

#[expect(clippy::cast_possible_truncation, reason = "rounded within ±127")]
fn quantised(embedding: &[f32]) -> (f32, Vec<i8>) {
    let peak = embedding.iter().fold(f32::MIN_POSITIVE, |m, x| m.max(x.abs()));
    let scale = peak / STEPS;
    (scale, embedding.iter().map(|x| (x / scale).round() as i8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_say_most() {
        let mut neighbours = Neighbours::new(2);
        for i in 0..50u8 {
            let angle = f32::from(i) * 0.02;
            neighbours.push(&[angle.cos(), angle.sin()], usize::from(i >= 25));
        }
        let say = neighbours.ask(&[1.0, 0.0], |_| true);
        assert_eq!(say.found.len(), NEIGHBOURS);
        assert_eq!(say.found[0].1, 0);
        assert!((say.nearest - 1.0).abs() < 0.01);
        let mut scores = [0.0; 2];
        neighbours.scores(&say, &mut scores);
        assert!(scores[0] > scores[1]);
        assert!(neighbours.ask(&[1.0, 0.0], |i| i >= 25).found.iter().all(|(_, i)| *i >= 25));
        assert!(neighbours.ask(&[1.0, 0.0], |_| false).found.is_empty());
    }
}
