//! The sentences of a text, and how much each is about a problem.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::patterns::constant;

/// The most sentences that are looked at, and the most characters of a text.
const MAX_SENTENCES: usize = 40;
const MAX_CHARS: usize = 8_000;

static PROBLEM: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"\b(can ?not|can['’]?t|could not|couldn['’]?t|unable|won['’]?t|wouldn['’]?t|does ?n[o'’]?t|doesn['’]?t|do not|don['’]?t|did ?n[o'’]?t|is ?n[o'’]?t|not (work|load|start|open|respond|print|receiv|show)\w*|no longer|stopped|fail\w*|error\w*|exception|crash\w*|broken|breaks?|wrong|incorrect|missing|lost|slow|stuck|hang\w*|freez\w*|down|denied|locked|expired|blocked|rejected|declined|charged|timed? ?out|outage|hacked|phishing|suspicious|leak\w*|vulnerab\w*|deleted|duplicate\w*)\b",
    )
});
static WISH: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"\b(need\w*|want|would like|would be (nice|great|good|helpful)|could you|can you|please|request\w*|add|support for|allow|how (do|can|to)|where (is|can)|what is|is it possible|reset|change|update|install|grant|access)\b",
    )
});
static PLEASANTRY: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^(i hope|hope (you|all|this)|how are you|please (help|advise|assist|look into (it|this)|see below)|(i|we) (have|had|got) (a|an|another|some) (\w+ )?(problem|issue|question|request)s?\W*$|can (you|someone|anyone) (please )?help|any (help|ideas?)|thank|sorry|let me know|looking forward|my name is|this is \w+ from)",
    )
});

/// The sentences of a text, line by line.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    text[..end]
        .lines()
        .flat_map(UnicodeSegmentation::unicode_sentences)
        .map(|s| s.trim().trim_start_matches(['-', '*', '#', '•', '>', ' ']))
        .filter(|s| s.chars().any(char::is_alphanumeric))
        .take(MAX_SENTENCES)
        .collect()
}

/// How much a sentence says of what is wrong or wanted: higher is more.
#[expect(clippy::cast_precision_loss, reason = "counts of words")]
pub(super) fn weight(sentence: &str, position: usize) -> f32 {
    let words = sentence.split_whitespace().count();
    let mut weight = -0.12 * position.min(12) as f32;
    if PROBLEM.is_match(sentence) {
        weight += 1.2;
    } else if WISH.is_match(sentence) {
        weight += 0.6;
    }
    if PLEASANTRY.is_match(sentence) {
        weight -= 2.0;
    }
    weight += match words {
        0..=2 => -1.0,
        3..=4 => 0.1,
        5..=25 => 0.4,
        26..=40 => 0.0,
        _ => -0.5,
    };
    if sentence.chars().any(|c| c.is_ascii_digit()) {
        weight += 0.1;
    }
    weight
}
