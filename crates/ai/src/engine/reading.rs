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
    classifier::Grams,
    embedder::Embedder,
    priority, text,
};

/// What is said to have answered when there is no embedding model.
pub(super) const WORDS_ALONE: &str = "words";
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
        let numbers = as_numbers(embedding);

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
        let mut probabilities = judged.probabilities;
        if let Some(classifier) = &self.learnt.priorities {
            let prior = priority_prior(&probabilities);
            let outcome = classifier.classify(numbers, grams, &prior);
            // A level that nobody has given yet keeps what the shipped weights say of it.
            let counts = classifier.counts();
            let unseen: f64 = (0..4).filter(|i| counts[*i] == 0).map(|i| probabilities[i]).sum();
            let seen: f64 =
                (0..4).filter(|i| counts[*i] > 0).map(|i| outcome.probabilities[i]).sum();
            for i in 0..4 {
                if counts[i] > 0 {
                    probabilities[i] =
                        outcome.probabilities[i] / seen.max(f64::EPSILON) * (1.0 - unseen);
                }
            }
        }
        let best =
            (0..4).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b])).unwrap_or(1);
        PriorityVerdict {
            priority: Priority::ALL[best],
            confidence: probabilities[best].clamp(0.0, 1.0),
            evidence: judged.evidence,
        }
    }
}

/// The shipped judgement as the first view of what is learnt.
pub(super) fn priority_prior(probabilities: &[f64; 4]) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm")]
    probabilities.iter().map(|p| p.max(1e-4).ln() as f32).collect()
}

/// The numbers of an embedding; zeros where there is none.
pub(super) fn as_numbers(embedding: Option<&Vector>) -> Vec<f32> {
    embedding.map_or_else(|| vec![0.0; DIMENSIONS], |v| v.as_slice().to_vec())
}
