//! A trained classifier at work.

use serde::{Deserialize, Serialize};

use super::{
    Grams, VIEWS, ViewScores,
    calibration::{Calibration, distribution_with_peak},
    fusion::{Fusion, log_sum_exp},
    matrix::Matrix,
    neighbours::{Neighbours, Say},
    vocabulary::Vocabulary,
};

/// How much the nearest labelled text says of familiarity, beside the joined scores.
const NEAREST_COUNTS: f64 = 8.0;
/// The most words that are named as evidence.
const MAX_WORDS: usize = 3;

/// Everything that was learnt. Texts are seen as their embedding and their grams; classes are numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Classifier {
    pub(super) views: Views,
    pub(super) fusion: Fusion,
    pub(super) calibration: Calibration,
    /// How many labelled texts each class had.
    pub(super) counts: Vec<u32>,
}

/// The views but the first, which comes from outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Views {
    pub vocabulary: Vocabulary,
    /// A row for every dimension and one for the constant, a column for every class.
    pub vectors: Matrix,
    pub discriminant: Matrix,
    pub discriminant_biases: Vec<f32>,
    pub word_biases: Vec<f32>,
    pub words: WordWeights,
    pub neighbours: Neighbours,
}

/// The weight of every gram for every class, as signed bytes under a scale for each gram.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct WordWeights {
    classes: usize,
    scales: Vec<f32>,
    weights: Vec<i8>,
}

/// What the classifier says of a text.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The calibrated probability of every class.
    pub probabilities: Vec<f64>,
    /// The nearest labelled texts, as their index in the training set, with their class and cosine.
    pub neighbours: Vec<(usize, usize, f32)>,
}

impl WordWeights {
    #[expect(clippy::cast_possible_truncation, reason = "rounded within ±127")]
    pub fn new(weights: &Matrix) -> Self {
        let mut kept = Self { classes: weights.columns(), ..Self::default() };
        for gram in 0..weights.rows() {
            let row = weights.row(gram);
            let scale = row.iter().fold(f32::MIN_POSITIVE, |m, w| m.max(w.abs())) / 127.0;
            kept.scales.push(scale);
            kept.weights.extend(row.iter().map(|w| (w / scale).round() as i8));
        }
        kept
    }

    fn add(&self, row: &[(u32, f32)], scores: &mut [f32]) {
        for (gram, x) in row {
            let gram = *gram as usize;
            let scaled = x * self.scales[gram];
            let weights = &self.weights[gram * self.classes..(gram + 1) * self.classes];
            for (s, w) in scores.iter_mut().zip(weights) {
                *s += scaled * f32::from(*w);
            }
        }
    }

    /// What a gram adds to the score of a class.
    fn of(&self, gram: usize, class: usize) -> f32 {
        self.scales[gram] * f32::from(self.weights[gram * self.classes + class])
    }
}

impl Views {
    /// The scores of a text. `prior` is the first view; `counts` says which labelled texts may be
    /// neighbours.
    pub fn scores(
        &self,
        embedding: &[f32],
        row: &[(u32, f32)],
        prior: &[f32],
        counts: impl Fn(usize) -> bool,
    ) -> (ViewScores, Say) {
        let k = prior.len();
        let mut view = vec![[0.0f32; VIEWS]; k];
        let mut put = |v: usize, scores: &[f32]| {
            view.iter_mut().zip(scores).for_each(|(views, s)| views[v] = *s);
        };
        put(0, prior);
        let mut scores = self.vectors.row(self.vectors.rows() - 1).to_vec();
        self.vectors.multiply_into(embedding, &mut scores);
        put(1, &scores);
        scores.copy_from_slice(&self.discriminant_biases);
        self.discriminant.multiply_into(embedding, &mut scores);
        put(2, &scores);
        scores.copy_from_slice(&self.word_biases);
        self.words.add(row, &mut scores);
        put(3, &scores);
        let say = self.neighbours.ask(embedding, counts);
        self.neighbours.scores(&say, &mut scores);
        put(4, &scores);
        (view, say)
    }
}

/// How familiar a text is.
pub(super) fn familiarity(joined: &[f64], nearest: f32) -> f64 {
    log_sum_exp(joined) + NEAREST_COUNTS * f64::from(nearest)
}

impl Classifier {
    /// Classifies a text; `prior` has a score for every class.
    pub fn classify(&self, embedding: &[f32], grams: &Grams, prior: &[f32]) -> Outcome {
        let row = self.views.vocabulary.row(grams);
        let (views, say) = self.views.scores(embedding, &row, prior, |_| true);
        let joined = self.fusion.join(&views);
        let total = log_sum_exp(&joined);
        let largest = joined.iter().map(|q| (q - total).exp()).fold(0.0, f64::max);
        let confidence = self.calibration.confidence(largest, familiarity(&joined, say.nearest));
        let neighbours = say.found.iter();
        Outcome {
            probabilities: distribution_with_peak(&joined, confidence),
            neighbours: neighbours
                .map(|(c, i)| (*i, self.views.neighbours.class(*i), *c))
                .collect(),
        }
    }

    /// How many labelled texts each class had.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The words of the text that speak most for a class and against the others. A word is given as
    /// it stands in `text`.
    pub fn telling_words<'t>(&self, text: &'t str, class: usize) -> Vec<&'t str> {
        let k = self.counts.len();
        let mut found: Vec<(f32, &str)> = Vec::new();
        for word in text.split_whitespace().take(400) {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            if word.chars().count() < 3 || found.iter().any(|(_, w)| w.eq_ignore_ascii_case(word)) {
                continue;
            }
            let row = self.views.vocabulary.row(&Grams::word(word));
            let gain = |c: usize| -> f32 {
                row.iter().map(|(gram, x)| x * self.views.words.of(*gram as usize, c)).sum()
            };
            let mine = gain(class);
            let others = (0..k).filter(|c| *c != class).map(gain).fold(f32::NEG_INFINITY, f32::max);
            if mine > 0.02 && mine > others {
                found.push((mine - others.max(0.0), word));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.into_iter().take(MAX_WORDS).map(|(_, word)| word).collect()
    }
}
