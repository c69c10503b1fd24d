//! The vote of a language model and the embedded engine.
//!
//! The engine gives a calibrated probability for every category. The model only names one. How often its
//! word stood when people looked, tells how much that is worth: with the share `a` of its words that stood,
//! it says the true category with probability `a`, and each other one with `(1 - a) / (n - 1)`. By Bayes'
//! rule the engine's probabilities, weighted by these, are those of both together. (The model of annotators'
//! errors is that of Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM
//! algorithm", 1979, with one rate for all categories.) What a model says of its own confidence is not asked.

use atc_store::ModelRecord;

/// How a model counts before people have judged it: as if 7 of 9 of its words had stood.
const PRIOR_RIGHT: f64 = 7.0;
const PRIOR_WRONG: f64 = 2.0;
/// The least probability that the engine is taken to have meant: it has not seen everything.
const FLOOR: f64 = 0.002;

/// The share of a model's words that stand, by what people did with those they settled.
pub(crate) fn reliability(record: ModelRecord) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
    let (right, wrong) = (record.right as f64, record.wrong as f64);
    (right + PRIOR_RIGHT) / (right + wrong + PRIOR_RIGHT + PRIOR_WRONG)
}

/// The probabilities of both together, likeliest first. `ranked` are the engine's, of every category;
/// `said` is what the model named. A name that is none of them changes nothing.
pub(crate) fn combine<T: Clone + PartialEq>(
    ranked: &[(T, f64)],
    said: &T,
    reliability: f64,
) -> Vec<(T, f64)> {
    let others = ranked.len().saturating_sub(1);
    if others == 0 || !ranked.iter().any(|(name, _)| name == said) {
        return ranked.to_vec();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred categories at most")]
    let miss = (1.0 - reliability) / others as f64;
    let weighted = ranked.iter().map(|(name, p)| {
        let weight = if name == said { reliability } else { miss };
        (name.clone(), p.max(FLOOR) * weight)
    });
    let mut weighted: Vec<_> = weighted.collect();
    let all: f64 = weighted.iter().map(|(_, w)| w).sum();
    for (_, weight) in &mut weighted {
        *weight /= all;
    }
    weighted.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    weighted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEW: ModelRecord = ModelRecord { right: 0, wrong: 0 };

    #[test]
    fn agreement_raises_the_confidence_and_disagreement_lowers_it() {
        let ranked = [("billing", 0.6), ("bug", 0.3), ("general", 0.1)];
        let agreed = combine(&ranked, &"billing", reliability(NEW));
        assert!(agreed[0].0 == "billing" && agreed[0].1 > 0.9, "{agreed:?}");
        let differed = combine(&ranked, &"bug", reliability(NEW));
        assert!(differed[0].1 < 0.85, "{differed:?}");
        let sure = [("billing", 0.98), ("bug", 0.01), ("general", 0.01)];
        let against = combine(&sure, &"bug", reliability(NEW));
        assert!(against[0].0 == "billing" && against[0].1 < 0.98, "{against:?}");
    }

    #[test]
    fn people_decide_how_much_a_word_is_worth() {
        let good = reliability(ModelRecord { right: 95, wrong: 5 });
        let bad = reliability(ModelRecord { right: 20, wrong: 80 });
        assert!(good > 0.9 && bad < 0.3);
        let ranked = [("billing", 0.55), ("bug", 0.45)];
        assert_eq!(combine(&ranked, &"bug", good)[0].0, "bug");
        assert_eq!(combine(&ranked, &"bug", bad)[0].0, "billing");
    }

    #[test]
    fn a_name_that_is_none_changes_nothing() {
        let ranked = [("billing", 0.6), ("bug", 0.4)];
        assert_eq!(combine(&ranked, &"refunds", 0.9), ranked);
        assert_eq!(combine(&[("a", 1.0)], &"a", 0.9), [("a", 1.0)]);
    }

    proptest! {
        #[test]
        fn what_comes_out_are_probabilities(
            weights in proptest::collection::vec(0.0f64..1.0, 2..20),
            at in any::<prop::sample::Index>(),
            right in 0u64..1000,
            wrong in 0u64..1000,
        ) {
            let ranked: Vec<_> = weights.iter().copied().enumerate().collect();
            let said = at.index(ranked.len());
            let both = combine(&ranked, &said, reliability(ModelRecord { right, wrong }));
            let sum: f64 = both.iter().map(|(_, p)| p).sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
            prop_assert!(both.iter().all(|(_, p)| (0.0..=1.0).contains(p)));
            prop_assert!(both.is_sorted_by(|a, b| a.1 >= b.1));
        }
    }
}
