//! Learning classes from labelled texts: several views of a text, fused and calibrated on texts that
//! none of the views had seen.
//!
//! The views: a prior score that needs no labels; a linear support vector machine and a linear
//! discriminant on the embedding; a support vector machine on words and characters, weighted by how
//! much each tells the classes apart; and the nearest labelled texts. Meaning wins on short texts and
//! few labels, words on long ones and many; the fusion finds out which holds here.

mod calibration;
mod folds;
mod fusion;
mod grams;
mod lda;
mod matrix;
mod neighbours;
mod optimise;
mod predict;
mod svm;
mod train;
mod vocabulary;

pub(crate) use grams::Grams;
pub(crate) use matrix::Matrix;
pub(crate) use predict::{Classifier, Outcome};
pub(crate) use train::{Report, TrainingSet};

/// How many views are fused.
const VIEWS: usize = 5;

/// The scores of one text: for every class the score of each view.
type ViewScores = Vec<[f32; VIEWS]>;
