//! How pressing a text is: learned weights over what it says of urgency, and over its meaning.
//!
//! The weights come from `eval/priority/train.py`; the features are patterns that both read.

use std::sync::LazyLock;

use atc_core::{ticket::Priority, vector::Vector};
use regex::Regex;
use serde::Deserialize;

/// The part of a text that is looked at.
const MAX_CHARS: usize = 6_000;
/// How much the category's usual priority counts, as a logarithm of odds.
const DEFAULT_COUNTS: f64 = 1.0;
/// The most words that are named as evidence.
const MAX_EVIDENCE: usize = 4;
/// A feature that changes the odds less than this is not worth naming.
const WORTH_NAMING: f64 = 0.25;

const LEVELS: usize = Priority::ALL.len();

/// What is made of a text.
pub(crate) struct Judgement {
    /// The probability of each level, from low to critical.
    pub probabilities: [f64; LEVELS],
    /// The words that decided.
    pub evidence: Vec<String>,
}

#[derive(Deserialize)]
struct FeatureSpec {
    name: String,
    pattern: String,
}

struct Feature {
    name: String,
    pattern: Regex,
}

#[derive(Deserialize)]
struct Weights {
    alone: LevelWeights,
    joined: LevelWeights,
}

#[derive(Deserialize)]
struct LevelWeights {
    biases: [f64; LEVELS],
    features: [Vec<f64>; LEVELS],
    #[serde(default)]
    embedding: [Vec<f32>; LEVELS],
}

static FEATURES: LazyLock<Vec<Feature>> = LazyLock::new(features);
static WEIGHTS: LazyLock<Weights> = LazyLock::new(weights);

#[expect(clippy::unwrap_used, reason = "a file of this crate, which the tests read")]
fn features() -> Vec<Feature> {
    let specs: Vec<FeatureSpec> =
        serde_json::from_str(include_str!("priority/features.json")).unwrap();
    let feature = |spec: FeatureSpec| {
        // Shouting is the one thing that lives of its case.
        let case = if spec.name == "exclaims" { "" } else { "(?i)" };
        Feature {
            pattern: Regex::new(&format!("{case}{}", spec.pattern)).unwrap(),
            name: spec.name,
        }
    };
    specs.into_iter().map(feature).collect()
}

#[expect(clippy::unwrap_used, reason = "a file of this crate, which the tests read")]
fn weights() -> Weights {
    serde_json::from_str(include_str!("priority/weights.json")).unwrap()
}

/// Judges a text. `usual` is what tickets of its category mostly are.
pub(crate) fn prioritise(
    text: &str,
    embedding: Option<&Vector>,
    usual: Option<Priority>,
) -> Judgement {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    let found = find(&text[..end]);
    let weights = if embedding.is_some() { &WEIGHTS.joined } else { &WEIGHTS.alone };
    let mut scores = weights.biases;
    for (i, words) in found.iter().enumerate() {
        if words.is_some() {
            for (score, features) in scores.iter_mut().zip(&weights.features) {
                *score += features[i];
            }
        }
    }
    if let Some(embedding) = embedding {
        for (score, dimensions) in scores.iter_mut().zip(&weights.embedding) {
            let sum: f32 = dimensions.iter().zip(embedding.as_slice()).map(|(w, x)| w * x).sum();
            *score += f64::from(sum);
        }
    }
    if let Some(at) = usual.and_then(|u| Priority::ALL.iter().position(|p| *p == u)) {
        scores[at] += DEFAULT_COUNTS;
    }
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised = scores.map(|s| (s - peak).exp());
    let sum: f64 = raised.iter().sum();
    Judgement { probabilities: raised.map(|r| r / sum), evidence: evidence(&found, weights, usual) }
}

/// The words that each feature was found by.
fn find(text: &str) -> Vec<Option<&str>> {
    let mut found: Vec<Option<&str>> =
        FEATURES.iter().map(|f| f.pattern.find(text).map(|m| m.as_str())).collect();
    let place = |name: &str| FEATURES.iter().position(|f| f.name == name);
    // What is called not urgent is not urgent.
    if let (Some(calm), Some(urgent)) = (place("no_rush"), place("urgent_words"))
        && found[calm].is_some()
    {
        found[urgent] = None;
    }
    found
}

fn evidence(
    found: &[Option<&str>],
    weights: &LevelWeights,
    usual: Option<Priority>,
) -> Vec<String> {
    let [low, medium, high, critical] = &weights.features;
    let pressing = |i: usize| (high[i] + critical[i]) - (low[i] + medium[i]);
    let mut named: Vec<(f64, &str)> = found
        .iter()
        .enumerate()
        .filter_map(|(i, words)| Some((pressing(i), (*words)?)))
        .filter(|(weight, _)| weight.abs() > WORTH_NAMING)
        .collect();
    named.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    named.truncate(MAX_EVIDENCE);
    let quoted = |more: bool| -> Vec<String> {
        let side = named.iter().filter(|(weight, _)| (*weight > 0.0) == more);
        side.map(|(_, words)| format!("“{}”", words.trim())).collect()
    };
    let mut sentences = Vec::new();
    for (more, said) in [(true, "more"), (false, "less")] {
        let words = quoted(more);
        if !words.is_empty() {
            let verb = if words.len() == 1 { "makes" } else { "make" };
            sentences.push(format!("{} {verb} it {said} pressing.", words.join(", ")));
        }
    }
    if let Some(usual) = usual {
        sentences.push(format!("Tickets of this category are usually {usual}."));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(text: &str) -> Priority {
        let judged = prioritise(text, None, None);
        let best = (0..LEVELS)
            .max_by(|a, b| judged.probabilities[*a].total_cmp(&judged.probabilities[*b]));
        Priority::ALL[best.unwrap()]
    }

    #[test]
    fn the_weights_fit_the_features() {
        let width = atc_core::vector::DIMENSIONS;
        for weights in [&WEIGHTS.alone, &WEIGHTS.joined] {
            assert!(weights.features.iter().all(|w| w.len() == FEATURES.len()));
        }
        assert!(WEIGHTS.joined.embedding.iter().all(|w| w.len() == width));
    }

    #[test]
    fn pressing_things_are_pressing() {
        use Priority::{Critical, High, Low, Medium};
        let cases: [(&str, &[Priority]); 11] = [
            ("Production is down for all customers, we are losing orders", &[Critical]),
            ("Our customer database was deleted and nobody can work", &[Critical]),
            ("We were hacked, customer data of everyone is leaked", &[Critical, High]),
            ("I cannot log in", &[Medium, High]),
            ("I am locked out and have a presentation today", &[High]),
            ("No rush, could you change the colour of the button some day", &[Low]),
            ("There is a typo in the documentation", &[Low]),
            ("It would be nice to have a dark mode", &[Low]),
            ("Our card was charged twice for invoice INV-20417", &[Medium, High]),
            ("Not urgent: the printer shows low toner", &[Low, Medium]),
            ("How can I change my password?", &[Low, Medium]),
        ];
        for (text, expected) in cases {
            let found = level(text);
            assert!(expected.contains(&found), "{text}: {found}");
        }
    }

    #[test]
    fn the_usual_priority_of_a_category_counts() {
        let judge = |usual| prioritise("It is about the garden", None, usual).probabilities;
        assert!(judge(Some(Priority::Critical))[3] > judge(None)[3] * 1.5);
    }

    #[test]
    fn the_words_that_decided_are_named() {
        let judged = prioritise("URGENT: the site is down for all users", None, None);
        let text = judged.evidence.join(" ");
        assert!(text.contains("all users") && text.contains("more pressing"), "{text}");
        let judged = prioritise("No rush, just a typo", None, None);
        assert!(judged.evidence.join(" ").contains("less pressing"), "{:?}", judged.evidence);
    }

    proptest! {
        #[test]
        fn probabilities_are_probabilities(text in any::<String>()) {
            let judged = prioritise(&text, None, None);
            prop_assert!((judged.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
