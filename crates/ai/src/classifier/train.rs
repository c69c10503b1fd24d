//! Training a classifier.

use serde::Serialize;

use super::{
    Classifier, Grams, Matrix,
    calibration::{Calibration, Sample},
    folds,
    fusion::{Fusion, HeldOut, log_sum_exp},
    lda,
    matrix::SparseRows,
    neighbours::Neighbours,
    predict::{Views, WordWeights, familiarity},
    svm::{self, Problem},
    vocabulary::Vocabulary,
};

/// So many held-out texts are enough for fusion and calibration to learn from.
const MAX_HELD_OUT: usize = 4_000;
/// What an error costs the machine on embeddings, and the one on words.
const VECTOR_COST: f32 = 3.0;
const WORD_COST: f32 = 0.2;

/// Labelled texts.
pub(crate) struct TrainingSet {
    /// A row for every text.
    pub embeddings: Matrix,
    /// Every text.
    pub texts: Vec<String>,
    /// The class of every text.
    pub classes: Vec<usize>,
    /// The prior score of every text for every class: a row for every text.
    pub priors: Matrix,
    /// The embedding of every class's description; zeros where there is none.
    pub descriptions: Matrix,
    /// Every class's description; empty where there is none.
    pub description_texts: Vec<String>,
}

/// What held-out texts said of a classifier.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// Labelled texts.
    labels: usize,
    /// Classes that have any.
    classes: usize,
    /// Into how many parts they were dealt.
    folds: usize,
    /// The share of held-out texts whose class was found.
    held_out_accuracy: f64,
    /// Expected calibration error over fifteen bins of equal width (Guo et al., ICML 2017).
    held_out_ece: f64,
    /// The weight of each view.
    weights: Vec<f64>,
}

impl TrainingSet {
    fn class_count(&self) -> usize {
        self.descriptions.rows()
    }

    /// Learns from all texts; there must be at least one. A single class is always found, and yet its
    /// texts are worth having as neighbours.
    pub fn train(&self) -> (Classifier, Report) {
        let k = self.class_count();
        let n = self.classes.len();
        let vocabulary = Vocabulary::learn(&self.texts);
        let mut rows = SparseRows::new();
        for text in self.texts.iter().chain(&self.description_texts) {
            rows.push(&vocabulary.row(&Grams::of(text)));
        }
        let fold_count = folds::count(n).min(n.max(2));
        let held_out = self.hold_out(&vocabulary, &rows, fold_count);
        let fusion = Fusion::learn(&held_out, k);
        let samples: Vec<Sample> = held_out.iter().map(|text| sample(&fusion, text)).collect();
        let calibration = Calibration::learn(&samples);
        let all: Vec<usize> = (0..n).collect();
        let mut counts = vec![0u32; k];
        for class in &self.classes {
            counts[*class] += 1;
        }
        let report = Report {
            labels: n,
            classes: counts.iter().filter(|c| **c > 0).count(),
            folds: fold_count,
            held_out_accuracy: mean(samples.iter().map(|s| f64::from(u8::from(s.right)))),
            held_out_ece: expected_calibration_error(&samples, &calibration),
            weights: fusion.weights.to_vec(),
        };
        let views = self.learn_views(vocabulary, &rows, &all);
        (Classifier { views, fusion, calibration, counts }, report)
    }

    /// Scores every text by views that were learnt from the other folds.
    fn hold_out(&self, vocabulary: &Vocabulary, rows: &SparseRows, count: usize) -> Vec<HeldOut> {
        let n = self.classes.len();
        let dealt = folds::deal(&self.classes, self.class_count(), count);
        let weights = self.weights();
        // Some folds are enough to learn a handful of weights from, where there are many texts.
        let mut held_out = Vec::with_capacity(n.min(MAX_HELD_OUT + n / count.max(1)));
        for fold in (0..count).take_while(|fold| fold * n < MAX_HELD_OUT * count) {
            let seen: Vec<usize> = (0..n).filter(|i| dealt[*i] != fold).collect();
            if seen.is_empty() {
                continue;
            }
            let views = self.learn_views(vocabulary.clone(), rows, &seen);
            let unseen = (0..n).filter(|i| dealt[*i] == fold);
            held_out.extend(unseen.map(|i| {
                let (scores, say) =
                    views.scores(self.embeddings.row(i), rows.row(i), self.priors.row(i), |_| true);
                HeldOut { scores, class: self.classes[i], weight: weights[i], nearest: say.nearest }
            }));
        }
        held_out
    }

    /// Half-way between every text and every class counting the same.
    #[expect(clippy::cast_precision_loss, reason = "counts of texts")]
    fn weights(&self) -> Vec<f64> {
        let n = self.classes.len() as f64;
        let mut sizes = vec![0usize; self.class_count()];
        for class in &self.classes {
            sizes[*class] += 1;
        }
        let used = sizes.iter().filter(|s| **s > 0).count().max(1) as f64;
        let raw: Vec<f64> =
            self.classes.iter().map(|c| (n / used / sizes[*c] as f64).sqrt()).collect();
        let sum: f64 = raw.iter().sum();
        raw.into_iter().map(|w| w * n / sum).collect()
    }

    /// Learns every view from the texts of `seen` and the descriptions of the classes.
    fn learn_views(&self, vocabulary: Vocabulary, rows: &SparseRows, seen: &[usize]) -> Views {
        let (n, k) = (self.classes.len(), self.class_count());
        let seen_classes: Vec<usize> = seen.iter().map(|i| self.classes[*i]).collect();
        let classes: Vec<usize> = seen_classes.iter().copied().chain(0..k).collect();

        let mut dense = Matrix::with_columns(self.embeddings.columns() + 1);
        let embeddings = seen.iter().map(|i| self.embeddings.row(*i));
        for embedding in embeddings.chain((0..k).map(|c| self.descriptions.row(c))) {
            dense.push(&[embedding, &[1.0]].concat());
        }
        let costs = vec![VECTOR_COST; classes.len()];
        let vectors = svm::separate(&Problem {
            dense: &dense,
            sparse: None,
            classes: &classes,
            costs: &costs,
            class_count: k,
        })
        .dense;

        let mut discriminant =
            lda::learn(&self.embeddings, seen, &seen_classes, &self.descriptions);
        discriminant.normalise(&self.embeddings, seen);

        let (words, word_biases) = {
            let mut constant = Matrix::with_columns(1);
            let mut chosen = SparseRows::new();
            for i in seen.iter().copied().chain(n..n + k) {
                chosen.push(rows.row(i));
                constant.push(&[1.0]);
            }
            let costs = vec![WORD_COST; classes.len()];
            let once = vec![1.0; classes.len()];
            let ratios = svm::ratios(&chosen, vocabulary.len(), &classes, &once, k);
            let weights = svm::separate(&Problem {
                dense: &constant,
                sparse: Some((&chosen, &ratios)),
                classes: &classes,
                costs: &costs,
                class_count: k,
            });
            (WordWeights::new(&weights.sparse), weights.dense.row(0).to_vec())
        };
        let mut neighbours = Neighbours::new(self.embeddings.columns());
        for i in seen {
            neighbours.push(self.embeddings.row(*i), self.classes[*i]);
        }
        Views {
            vocabulary,
            vectors,
            discriminant: discriminant.weights,
            discriminant_biases: discriminant.biases,
            word_biases,
            words,
            neighbours,
        }
    }
}

fn sample(fusion: &Fusion, text: &HeldOut) -> Sample {
    let joined = fusion.join(&text.scores);
    let total = log_sum_exp(&joined);
    let best = (0..joined.len()).max_by(|a, b| joined[*a].total_cmp(&joined[*b])).unwrap_or(0);
    Sample {
        largest: (joined[best] - total).exp(),
        right: best == text.class,
        familiarity: familiarity(&joined, text.nearest),
    }
}

fn expected_calibration_error(samples: &[Sample], calibration: &Calibration) -> f64 {
    const BINS: usize = 15;
    let mut bins = [(0.0, 0.0); BINS];
    for sample in samples {
        let sure = calibration.confidence(sample.largest, sample.familiarity);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=1")]
        let bin = ((sure * 15.0) as usize).min(BINS - 1);
        bins[bin].0 += sure;
        bins[bin].1 += f64::from(u8::from(sample.right));
    }
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let n = samples.len().max(1) as f64;
    bins.iter().map(|(sure, right)| f64::abs(sure - right)).sum::<f64>() / n
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = numbers.len().max(1) as f64;
    numbers.sum::<f64>() / n
}
