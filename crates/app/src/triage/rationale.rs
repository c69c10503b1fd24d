//! Saying why: every part of a triage with the evidence for it.

use atc_core::{
    ports::Analysis,
    triage::{ArticleMatch, Triage},
};

use super::similar::REPLY_WORTHY_ARTICLE;

/// Who reads a rationale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// May see every ticket.
    Staff,
    /// May see only their own.
    Requester,
}

/// The evidence in sentences.
pub(super) fn compose(
    analysis: &Analysis,
    triage: &Triage,
    citations: &[&str],
    advice: &[String],
    audience: Audience,
) -> String {
    let mut sentences = Vec::new();
    let percent = (triage.confidence * 100.0).round();
    sentences.push(format!("Category {} with {percent} % confidence.", triage.category));
    sentences.extend(advice.iter().cloned());
    sentences.extend(analysis.category.evidence.iter().cloned());
    if audience == Audience::Staff && !analysis.category.neighbours.is_empty() {
        let numbers: Vec<_> =
            analysis.category.neighbours.iter().map(|n| format!("#{n}")).collect();
        sentences.push(format!("Labelled tickets most like it: {}.", numbers.join(", ")));
    }
    sentences.push(format!("Priority {}.", triage.priority));
    sentences.extend(analysis.priority.evidence.iter().cloned());
    sentences.extend(citations.iter().map(|citation| (*citation).to_owned()));
    if let Some(best) = triage.duplicates.first() {
        sentences.push(format!(
            "Possibly the same as ticket #{} (“{}”, {:.2}).",
            best.number, best.title, best.score
        ));
    }
    if let Some(best) = triage.articles.first() {
        sentences.push(format!("The article “{}” may help ({:.2}).", best.title, best.score));
    }
    if triage.needs_review {
        let second = triage.alternatives.first();
        let rival = second.map_or(String::new(), |a| format!(" It may also be {}.", a.category));
        sentences.push(format!("Too unsure to route by itself: a person should look.{rival}"));
    }
    if analysis.degraded {
        sentences.push("The embedding model was not there: words alone decided.".to_owned());
    }
    sentences.join(" ")
}

/// An answer built from an article, where it fits well enough. It names the article, so that
/// whoever reads it knows where it comes from.
pub(super) fn suggested_reply(article: &ArticleMatch) -> Option<String> {
    (article.score >= REPLY_WORTHY_ARTICLE).then(|| {
        format!(
            "Hello,\n\nthis may help, from our article “{}”:\n\n{}\n\nIf it does not solve your \
             problem, just answer here.",
            article.title, article.snippet
        )
    })
}
