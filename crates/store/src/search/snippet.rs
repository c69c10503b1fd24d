//! The part of a text that shows best why it was found.

use super::{TermSet, TermWeights, terms};

/// About how many characters a snippet has.
const SNIPPET_CHARS: usize = 240;
/// Longer sentences are taken in parts, so that the part that answers is shown.
const MAX_SENTENCE_BYTES: usize = 200;

/// The sentences around the one that says most of the question, as one line.
pub(super) fn snippet(text: &str, question: &TermSet, weights: &TermWeights) -> String {
    let sentences = sentences(text);
    let says = |sentence: &str| TermSet::new(&[], &terms(sentence)).coverage(question, weights);
    let best = sentences
        .iter()
        .enumerate()
        .map(|(at, sentence)| (says(sentence), at))
        // The first of equals.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map_or(0, |(_, at)| at);
    let length = |range: &[String]| range.iter().map(|s| s.chars().count() + 1).sum::<usize>();
    let mut start = best;
    // Near the end of a text, what stands before fills the space.
    while start > 0 && length(&sentences[start - 1..]) <= SNIPPET_CHARS {
        start -= 1;
    }
    let shown = cut(&sentences[start..].join(" "));
    if start > 0 { format!("… {shown}") } else { shown }
}

/// The sentences and lines of a text, or parts of long ones, each without surrounding or repeated blanks.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for line in text.lines() {
        for word in line.split_whitespace() {
            match sentences.last_mut() {
                Some(sentence) if sentence.len() + word.len() < MAX_SENTENCE_BYTES => {
                    if !sentence.is_empty() {
                        sentence.push(' ');
                    }
                    sentence.push_str(word);
                }
                _ => sentences.push(word.to_owned()),
            }
            if word.ends_with(['.', '!', '?']) {
                sentences.push(String::new());
            }
        }
        sentences.push(String::new());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// At most [`SNIPPET_CHARS`] characters, cut between words where that is possible.
fn cut(text: &str) -> String {
    let Some((limit, _)) = text.char_indices().nth(SNIPPET_CHARS) else { return text.to_owned() };
    let head = &text[..limit];
    let end = head.rfind(' ').filter(|at| *at > limit / 2).unwrap_or(limit);
    format!("{} …", head[..end].trim_end())
}

/// Markdown as plain text, roughly: what is shown of an article in the moments before it is indexed.
pub(super) fn plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len().min(4 * SNIPPET_CHARS));
    for line in markdown.lines() {
        text.push_str(
            &line
                .trim_start_matches([' ', '#', '>', '-', '*', '+', '|'])
                .replace(['*', '`', '[', '|'], ""),
        );
        text.push('\n');
    }
    // The address of a link follows its text in round brackets.
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str, question: &str) -> String {
        let question = TermSet::new(&[], &terms(question));
        snippet(text, &question, &TermWeights::default())
    }

    #[test]
    fn the_sentence_that_answers_is_shown() {
        let filler = "Some words that say nothing at all about it. ".repeat(20);
        let text = format!("{filler}To reset the password, open Settings. {filler}");
        let shown = of(&text, "How do I reset my password?");
        assert!(shown.starts_with("… To reset the password, open Settings. Some"), "{shown}");
        assert!(shown.ends_with(" …") && shown.chars().count() <= SNIPPET_CHARS + 4);
        let at_end = of(&format!("{filler}Reset it."), "reset");
        assert!(at_end.ends_with("nothing at all about it. Reset it."), "{at_end}");
        assert!(at_end.chars().count() > SNIPPET_CHARS / 2);
        assert_eq!(of("Short.\n\n  And   sweet", "sweet"), "Short. And sweet");
        assert_eq!(of("", "sweet"), "");
    }

    #[test]
    fn markdown_loses_its_marks() {
        let markdown = "# Reset\n\n- Open **Settings** → [Security](https://x.y), `now`\n> [a](";
        assert_eq!(plain(markdown), "Reset\n\nOpen Settings → Security, now\na");
    }

    proptest! {
        #[test]
        fn any_text_is_cut_between_characters(text in "([a-z. \n]|\\PC|🖨️){0,600}", q in any::<String>()) {
            let shown = of(&text, &q);
            prop_assert!(shown.chars().count() <= SNIPPET_CHARS + 4);
            prop_assert!(!shown.contains('\n'));
            let _ = plain(&text);
        }
    }
}
