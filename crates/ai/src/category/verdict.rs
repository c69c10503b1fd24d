//! The verdict: what the categories say of themselves, joined with what was learnt.

use atc_core::category::Slug;

use super::zero_shot::{Categories, Reading};
use crate::classifier::{Classifier, Grams, Outcome};

/// How much the score of the descriptions is stretched to stand beside the other views.
const PRIOR_SCALE: f32 = 10.0;
/// How much less a category without any label is believed when there are many labels.
const UNLABELLED_COST: f64 = 0.5;
const MAX_UNLABELLED_COST: f64 = 1.5;
/// How much less it is believed when a labelled text is nearer than strangers are.
const NEARNESS_COST: f64 = 6.0;
const STRANGERS: f64 = 0.4;
/// The most neighbours that are named.
const MAX_NEIGHBOURS: usize = 3;

/// The probability of every live category, in their order; and what speaks for the likeliest.
pub(crate) struct Verdict {
    pub probabilities: Vec<f64>,
    pub best: usize,
    pub evidence: Evidence,
}

/// What speaks for a verdict.
pub(crate) struct Evidence {
    /// Words of the text.
    pub words: Vec<String>,
    /// The cosine to the description.
    pub closeness: Option<f32>,
    /// Indices of labelled texts that are near and of the same category.
    pub neighbours: Vec<usize>,
}

/// The prior scores of a text, for those of the live categories that a classifier knows.
pub(crate) fn priors(scores: &[f32], known: &[usize]) -> Vec<f32> {
    known.iter().map(|i| scores[*i] * PRIOR_SCALE).collect()
}

/// Decides between the live categories. `learnt` is a classifier with the slugs of its classes.
pub(crate) fn decide(
    categories: &Categories,
    reading: &Reading<'_>,
    text: &str,
    grams: &Grams,
    embedding: &[f32],
    learnt: Option<(&Classifier, &[Slug])>,
) -> Verdict {
    let scores = categories.scores(reading);
    let zero_shot = categories.probabilities(reading, &scores);
    let mut outcome = None;
    let probabilities = match learnt {
        Some((classifier, slugs)) => {
            let live = |slug: &Slug| (0..categories.len()).find(|i| categories.slug(*i) == slug);
            let places: Vec<Option<usize>> = slugs.iter().map(live).collect();
            // A category that is gone keeps its place among the classes and gets the worst prior.
            let worst = scores.iter().copied().fold(f32::INFINITY, f32::min) * PRIOR_SCALE;
            let prior: Vec<f32> =
                places.iter().map(|p| p.map_or(worst, |i| scores[i] * PRIOR_SCALE)).collect();
            let learnt = outcome.insert(classifier.classify(embedding, grams, &prior));
            join(&zero_shot, learnt, &places, classifier.counts())
        }
        None => zero_shot,
    };
    let best = (0..probabilities.len())
        .max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]))
        .unwrap_or(0);
    let evidence = evidence(categories, reading, text, best, outcome.as_ref(), learnt);
    Verdict { probabilities, best, evidence }
}

/// Live categories that have labels share what the classifier says; those without keep what their
/// descriptions earned them: a little less the more labels there are, and less when a labelled text
/// is near.
fn join(zero_shot: &[f64], learnt: &Outcome, places: &[Option<usize>], counts: &[u32]) -> Vec<f64> {
    let mut joined = vec![0.0; zero_shot.len()];
    let mut labelled = vec![false; zero_shot.len()];
    let mut of_live = 0.0;
    for (class, place) in places.iter().enumerate() {
        if let Some(i) = place {
            labelled[*i] = true;
            joined[*i] = learnt.probabilities[class];
            of_live += learnt.probabilities[class];
        }
    }
    let labels: u32 = counts.iter().sum();
    let cost = (UNLABELLED_COST * (1.0 + f64::from(labels) / 100.0).ln()).min(MAX_UNLABELLED_COST);
    let nearest = learnt.neighbours.first().map_or(0.0, |(_, _, cosine)| f64::from(*cosine));
    let cost = cost + NEARNESS_COST * (nearest - STRANGERS).max(0.0);
    let unlabelled: f64 =
        zero_shot.iter().zip(&labelled).filter(|(_, l)| !**l).map(|(p, _)| p).sum();
    let room = if of_live <= f64::EPSILON {
        1.0
    } else {
        let odds = unlabelled / (1.0 - unlabelled).max(1e-9) * (-cost).exp();
        odds / (1.0 + odds)
    };
    for (i, p) in joined.iter_mut().enumerate() {
        *p = if labelled[i] {
            *p / of_live.max(f64::EPSILON) * (1.0 - room)
        } else {
            zero_shot[i] / unlabelled.max(f64::EPSILON) * room
        };
    }
    joined
}

fn evidence(
    categories: &Categories,
    reading: &Reading<'_>,
    text: &str,
    best: usize,
    outcome: Option<&Outcome>,
    learnt: Option<(&Classifier, &[Slug])>,
) -> Evidence {
    let class =
        learnt.and_then(|(_, slugs)| slugs.iter().position(|slug| slug == categories.slug(best)));
    let mut words: Vec<String> = match (learnt, class) {
        (Some((classifier, _)), Some(class)) => {
            classifier.telling_words(text, class).into_iter().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    if words.is_empty() {
        let shared = categories.shared_words(reading, best).into_iter().take(3);
        words = shared.map(str::to_owned).collect();
    }
    let near = outcome.zip(class).map_or_else(Vec::new, |(outcome, class)| {
        let same = outcome.neighbours.iter().filter(|(_, c, _)| *c == class);
        same.take(MAX_NEIGHBOURS).map(|(i, _, _)| *i).collect()
    });
    Evidence { words, closeness: categories.closeness(reading, best), neighbours: near }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(probabilities: &[f64]) -> Outcome {
        Outcome { probabilities: probabilities.to_vec(), neighbours: Vec::new() }
    }

    #[test]
    fn probabilities_stay_probabilities() {
        let zero_shot = [0.5, 0.3, 0.2];
        let cases = [
            (vec![Some(0), Some(1)], vec![0.9, 0.1]),
            (vec![Some(2)], vec![1.0]),
            (vec![None, Some(1)], vec![0.7, 0.3]),
            (vec![None], vec![1.0]),
            (vec![Some(0), Some(1), Some(2)], vec![0.2, 0.3, 0.5]),
        ];
        for (places, learnt) in cases {
            let counts = vec![50; learnt.len()];
            let joined = join(&zero_shot, &outcome(&learnt), &places, &counts);
            assert!((joined.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{places:?} {joined:?}");
            assert!(joined.iter().all(|p| (0.0..=1.0).contains(p)), "{joined:?}");
        }
    }

    #[test]
    fn a_new_category_can_win_beside_many_labels() {
        let zero_shot = [0.05, 0.05, 0.9];
        let joined = join(&zero_shot, &outcome(&[0.6, 0.4]), &[Some(0), Some(1)], &[5_000, 5_000]);
        assert!(joined[2] > 0.5, "{joined:?}");
    }
}
