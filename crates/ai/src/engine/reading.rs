//! Reading one text: everything the engine says of it.

use std::borrow::Cow;

use atc_core::{
    id::TicketNumber,
    ports::{Analysis, CategoryVerdict, Meaning, PriorityVerdict, TriageInput},
    ticket::Priority,
    vector::{DIMENSIONS, Vector},
};

use super::{model::Model, texts};
use crate::{
    category::{Categories, Reading, Verdict, decide},
    classifier::{Grams, Outcome},
    embedder::Embedder,
    priority, text,
};

/// What is said to have answered when there is no embedding model.
pub(super) const WORDS_ALONE: &str = "words";
/// With so many labelled priorities they count as much as the shipped weights.
const ENOUGH_PRIORITIES: f64 = 40.0;
/// From this cosine on, the priority of a labelled text counts for its own.
const NEAR: f64 = 0.7;
/// The longest summary, in characters.
const SUMMARY_CHARS: usize = 300;

/// What a text is read with.
pub(super) struct Reader<'a> {
    pub embedder: Option<&'a Embedder>,
    pub model_name: &'static str,
    pub categories: &'a Categories,
    pub learnt: &'a Model,
    pub review_below: f64,
}

impl Reader<'_> {
    pub fn read(&self, input: &TriageInput) -> Analysis {
        let whole = texts::whole(input);
        let clean = text::clean(&input.text);
        let title = text::title(input.title.as_deref(), &clean);
        let meaning = self.meaning(&title, &whole);
        let embedding = meaning.as_ref().map(|m| &m.whole);
        let reading = Reading::new(&whole, embedding);
        let grams = Grams::of(&whole);
        let numbers = as_numbers(meaning.as_ref(), self.learnt.titles);

        let learnt = self.learnt.categories.as_ref();
        let known = learnt.map(|c| (&c.classifier, c.slugs.as_slice()));
        let verdict = decide(self.categories, &reading, &whole, &grams, &numbers, known);
        let priority = self.prioritise(&whole, embedding, &grams, &numbers, &verdict);
        let entities = text::entities(&whole);
        Analysis {
            category: self.category_verdict(verdict),
            priority,
            title,
            summary: text::summary(&clean, SUMMARY_CHARS),
            language: text::language(&whole),
            tags: text::tags(&entities),
            entities,
            degraded: meaning.is_none(),
            model: Cow::Borrowed(if meaning.is_some() { self.model_name } else { WORDS_ALONE }),
            meaning,
        }
    }

    /// The meaning of title and whole; `None` where there is no model, or where it fails on this text.
    fn meaning(&self, title: &str, whole: &str) -> Option<Meaning> {
        let embedder = self.embedder?;
        let embed = |text: &str| {
            embedder.embed(text).inspect_err(|e| tracing::warn!(error = %e, "not embedded")).ok()
        };
        Some(Meaning { title: embed(title)?, whole: embed(whole)? })
    }

    fn category_verdict(&self, verdict: Verdict) -> CategoryVerdict {
        let Verdict { probabilities, best, evidence } = verdict;
        let name = self.categories.name(best);
        let mut sentences = Vec::new();
        if !evidence.words.is_empty() {
            let quoted: Vec<String> = evidence.words.iter().map(|w| format!("“{w}”")).collect();
            let verb = if quoted.len() == 1 { "speaks" } else { "speak" };
            sentences.push(format!("{} {verb} for {name}.", quoted.join(", ")));
        }
        if let Some(closeness) = evidence.closeness {
            sentences
                .push(format!("Its meaning is {closeness:.2} close to the description of {name}."));
        }
        let tickets = self.learnt.categories.as_ref().map(|c| c.tickets.as_slice());
        let neighbours: Vec<TicketNumber> = evidence
            .neighbours
            .iter()
            .filter_map(|i| tickets.and_then(|t| t.get(*i)).copied())
            .collect();
        let needs_review = probabilities.get(best).is_none_or(|p| *p < self.review_below);
        let mut ranked: Vec<_> = probabilities
            .into_iter()
            .enumerate()
            .map(|(i, p)| (self.categories.slug(i).clone(), p.clamp(0.0, 1.0)))
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        CategoryVerdict { ranked, needs_review, evidence: sentences, neighbours }
    }

    fn prioritise(
        &self,
        whole: &str,
        embedding: Option<&Vector>,
        grams: &Grams,
        numbers: &[f32],
        verdict: &Verdict,
    ) -> PriorityVerdict {
        let slug = self.categories.slug(verdict.best);
        let default = self.categories.default_priority(slug);
        let judged = priority::prioritise(whole, embedding, default);
        let mut evidence = judged.evidence;
        let mut probabilities = judged.probabilities;
        if let Some(classifier) = &self.learnt.priorities {
            let outcome = classifier.classify(numbers, grams, &priority_prior(&probabilities));
            probabilities = joined_with_learnt(&probabilities, &outcome, classifier.counts());
            let (said, learnt) = (likeliest(&probabilities), likeliest(&outcome.probabilities));
            if said == learnt && said != likeliest(&judged.probabilities) {
                let level = Priority::ALL[said];
                evidence.push(format!("People gave tickets like it the priority {level}."));
            }
        }
        let best = likeliest(&probabilities);
        PriorityVerdict {
            priority: Priority::ALL[best],
            confidence: probabilities[best].clamp(0.0, 1.0),
            evidence,
        }
    }
}

fn likeliest(probabilities: &[f64]) -> usize {
    let all = 0..probabilities.len().min(Priority::ALL.len());
    all.max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b])).unwrap_or(1)
}

/// What people's labels say counts more the more there are of them, and where one is very near. A level
/// that nobody has given yet keeps what the shipped weights say of it.
fn joined_with_learnt(shipped: &[f64; 4], outcome: &Outcome, counts: &[u32]) -> [f64; 4] {
    let labels = f64::from(counts.iter().sum::<u32>());
    let trust = labels / (labels + ENOUGH_PRIORITIES);
    let nearest = outcome.neighbours.first().map_or(0.0, |(_, _, cosine)| f64::from(*cosine));
    let near = ((nearest - NEAR) / (1.0 - NEAR)).clamp(0.0, 1.0);
    let of_given = |p: &[f64]| -> f64 { (0..4).filter(|i| counts[*i] > 0).map(|i| p[i]).sum() };
    let (room, given) = (of_given(shipped), of_given(&outcome.probabilities).max(f64::EPSILON));
    std::array::from_fn(|i| {
        let learnt = outcome.probabilities[i];
        let kept = if counts[i] > 0 { learnt / given * room } else { shipped[i] };
        let joined = (1.0 - trust) * shipped[i] + trust * kept;
        (1.0 - near) * joined + near * learnt
    })
}

/// The shipped judgement as the first view of what is learnt.
pub(super) fn priority_prior(probabilities: &[f64; 4]) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm")]
    probabilities.iter().map(|p| p.max(1e-4).ln() as f32).collect()
}

/// The numbers of a meaning, zeros where there is none; with the title as a view of its own, both views
/// count the same, and the whole is of unit length again.
pub(super) fn as_numbers(meaning: Option<&Meaning>, titles: bool) -> Vec<f32> {
    let Some(Meaning { title, whole }) = meaning else { return vec![0.0; width(titles)] };
    if !titles {
        return whole.as_slice().to_vec();
    }
    let both = title.as_slice().iter().chain(whole.as_slice());
    both.map(|x| x * std::f32::consts::FRAC_1_SQRT_2).collect()
}

/// How many numbers [`as_numbers`] gives.
pub(super) const fn width(titles: bool) -> usize {
    if titles { 2 * DIMENSIONS } else { DIMENSIONS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labelled_priorities_count_when_they_are_many_or_near() {
        let shipped = [0.1, 0.4, 0.4, 0.1];
        let outcome = |cosine| Outcome {
            probabilities: vec![0.9, 0.0, 0.1, 0.0],
            neighbours: vec![(0, 0, cosine)],
        };
        let few = joined_with_learnt(&shipped, &outcome(0.2), &[1, 0, 1, 0]);
        let many = joined_with_learnt(&shipped, &outcome(0.2), &[500, 0, 500, 0]);
        let near = joined_with_learnt(&shipped, &outcome(1.0), &[1, 0, 1, 0]);
        assert!(few[0] < 0.2 && many[0] > 0.4 && near[0] > 0.85, "{few:?} {many:?} {near:?}");
        assert!((many[3] - 0.1).abs() < 1e-9, "what nobody gave is as likely as before");
        for p in [few, many, near] {
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{p:?}");
        }
    }
}
