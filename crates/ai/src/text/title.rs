//! One clean line that says what a text is about, in the words of the text.

use std::sync::LazyLock;

use atc_core::text::Title;
use regex::Regex;

use super::{
    patterns::constant,
    sentences::{sentences, weight},
};

/// The longest title that is made, in characters.
const MAX_CHARS: usize = 80;
/// A title is not cut shorter than this to end with a clause.
const MIN_CLAUSE_CHARS: usize = 30;
/// The longest first line that is taken for a subject, and how much that counts.
const SUBJECT_CHARS: usize = 100;
const SUBJECT_BONUS: f32 = 1.5;
/// Before these a sentence may end early.
const CLAUSES: [&str; 14] = [
    ", ",
    "; ",
    ": ",
    " - ",
    " – ",
    " (",
    ". ",
    " because ",
    " but ",
    " since ",
    " after ",
    " when ",
    " while ",
    " although ",
];
/// What a text without any words is called.
const UNTITLED: &str = "Untitled";

/// What a sentence often begins with, and a title should not.
static FILLER: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^\s*((so|and|but|also|well|ok|okay|hi|hello|hey|just|fyi|basically|unfortunately|apparently|actually|however|urgent|question|subject|re|fwd?|fw)\b\s*[,:!-]*\s+|(i|we) (have|had|got|am having|are having) (a|an|another|some) (\w+ )?(problem|issue|question|request)s?( here| with this)?\s*[:,.–-]+\s*|(i|we) (just )?(want(ed)?|would like) to (say|report|let you know|tell you|inform you|ask)( you)?( that| whether| if)?\s+|(since|as of) (this|yesterday|last|today)( (morning|afternoon|evening|night|week|month|monday|tuesday|wednesday|thursday|friday|update|release))?\s*,?\s+|(today|yesterday|this morning|last night)\s*,?\s+|please note that\s+|it (seems|looks like|appears)( that)?\s+|i think( that)?\s+|for your information\s*,?\s+|there (is|seems to be) (a|an) (problem|issue) (with|where|that)\s+)",
    )
});

/// The title that a person gave, or else a line of the text.
pub(crate) fn title(given: Option<&str>, clean: &str) -> String {
    if let Some(given) = given
        && Title::parse(given).is_ok()
    {
        return given.to_owned();
    }
    let found = sentences(clean);
    let subject = subject(clean);
    let value = |i: usize, sentence: &str| {
        let bonus = if subject == Some(sentence) { SUBJECT_BONUS } else { 0.0 };
        weight(sentence, i) + bonus
    };
    let best = found
        .iter()
        .enumerate()
        .max_by(|(i, a), (j, b)| value(*i, a).total_cmp(&value(*j, b)).then(j.cmp(i)))
        .map(|(_, sentence)| polished(sentence));
    best.filter(|t| !t.is_empty() && Title::parse(t.as_str()).is_ok())
        .unwrap_or_else(|| UNTITLED.to_owned())
}

/// A first line that stands above the rest like the subject of a mail.
fn subject(clean: &str) -> Option<&str> {
    let (first, rest) = clean.split_once('\n')?;
    let first = first.trim().trim_start_matches(['-', '*', '#', '•', '>', ' ']);
    let open = !first.ends_with(['.', ',', ';', ':']);
    let short = first.chars().count() <= SUBJECT_CHARS && first.split_whitespace().count() > 2;
    (open && short && !rest.trim().is_empty()).then_some(first)
}

fn polished(sentence: &str) -> String {
    let mut rest: String = sentence
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(600)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    // Fillers stand one after the other: "Hi, unfortunately, since this morning …".
    for _ in 0..5 {
        let Some(filler) = FILLER.find(&rest).filter(|f| rest.len() - f.end() > 12) else { break };
        rest.drain(..filler.end());
    }
    let cut = shortened(&rest);
    let trimmed = cut.trim().trim_end_matches(['.', ',', ';', ':', '!', '-', '–', '…', ' ']);
    capitalised(trimmed)
}

/// The text up to the last clause, or else the last word, that fits.
fn shortened(text: &str) -> &str {
    let Some((limit, _)) = text.char_indices().nth(MAX_CHARS) else { return text };
    let head = &text[..limit];
    let clause = CLAUSES
        .iter()
        .filter_map(|mark| head.rfind(mark))
        .max()
        .filter(|at| head[..*at].chars().count() >= MIN_CLAUSE_CHARS);
    let word = || head.rfind(' ').filter(|at| *at > 0);
    &head[..clause.or_else(word).unwrap_or(limit)]
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // A word such as iPhone or a command keeps its case.
        Some(first) if chars.as_str().chars().next().is_none_or(|c| !c.is_uppercase()) => {
            first.to_uppercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean;
    use proptest::prelude::*;

    #[test]
    fn titles_are_lines_of_the_text() {
        let cases = [
            (
                "Hi team, since this morning i can't print on the 3rd floor printer, it says E-202. thanks, Bob",
                "I can't print on the 3rd floor printer, it says E-202",
            ),
            (
                "Hi team,\n\nour card was charged twice for invoice INV-20417 in October. Please refund one of the payments.\n\nThanks,\nBob",
                "Our card was charged twice for invoice INV-20417 in October",
            ),
            (
                "Hello! I hope you are well. I cannot log in to my account. Please help.",
                "I cannot log in to my account",
            ),
            ("I have a problem: the dashboard does not load", "The dashboard does not load"),
            (
                "It would be great if we could export reports to Excel",
                "It would be great if we could export reports to Excel",
            ),
            (
                "I just wanted to say that the new design is wonderful",
                "The new design is wonderful",
            ),
            ("How do I reset my password?", "How do I reset my password?"),
            ("iPhone app crashes on start.", "iPhone app crashes on start"),
            (
                "Export to spreadsheets\n\nWe cannot work with the numbers. It fails in all browsers.",
                "Export to spreadsheets",
            ),
            (
                "The export of the monthly report takes more than ten minutes since the last update of the server.",
                "The export of the monthly report takes more than ten minutes",
            ),
            ("Production is down!!! All customers get error 502.", "All customers get error 502"),
            ("", "Untitled"),
            ("🔥🔥🔥", "Untitled"),
            ("ok", "Ok"),
            (
                "The monthly sales report that we generate for the whole company every first Monday fails, because the export runs into a timeout after thirty seconds",
                "The monthly sales report that we generate for the whole company every first",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(title(None, &clean(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn what_a_person_calls_it_stays() {
        assert_eq!(title(Some("My title."), "Something else fails"), "My title.");
    }

    proptest! {
        #[test]
        fn a_title_is_always_legal(text in any::<String>()) {
            let made = title(None, &clean(&text));
            prop_assert!(Title::parse(made.as_str()).is_ok());
            prop_assert!(made.chars().count() <= MAX_CHARS + 3);
        }
    }
}
