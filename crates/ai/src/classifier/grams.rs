//! Words and characters of a text, as numbers.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

/// The part of a text that is looked at; what a text is about stands in its beginning.
const MAX_CHARS: usize = 6_000;
/// Runs of this many characters within a word are counted.
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// How often each gram occurs in a text: single words and pairs, runs of characters, and the words
/// outside of markup. Sorted by gram.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grams {
    pub words: Vec<(u64, u16)>,
    pub characters: Vec<(u64, u16)>,
    pub prose: Vec<(u64, u16)>,
}

impl Grams {
    pub fn of(text: &str) -> Self {
        let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
        let text = text[..end].to_lowercase();
        Self {
            words: count(words(&text)),
            characters: count(characters(&text)),
            prose: count(words(&without_markup(&text))),
        }
    }
}

impl Grams {
    /// A single word, as the words of a text are counted.
    pub fn word(word: &str) -> Self {
        let word = word.to_lowercase();
        Self { words: vec![(number(&[&word]), 1)], ..Self::default() }
    }
}

fn count(grams: impl Iterator<Item = u64>) -> Vec<(u64, u16)> {
    let mut counts: HashMap<u64, u16> = HashMap::new();
    for gram in grams {
        let count = counts.entry(gram).or_default();
        *count = count.saturating_add(1);
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable();
    counts
}

/// FNV-1a (Fowler, Noll, Vo): a gram's number is kept with the model, and must be the same in every
/// version of the program.
fn number(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// Words and pairs of words; a question or exclamation mark is a word of its own.
fn words(text: &str) -> impl Iterator<Item = u64> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| constant(r"\w+|[?!]"));
    let words: Vec<&str> = WORD.find_iter(text).map(|m| m.as_str()).collect();
    let pairs: Vec<u64> = words.windows(2).map(number).collect();
    let single: Vec<u64> = words.iter().map(|w| number(&[w])).collect();
    single.into_iter().chain(pairs)
}

/// Runs of characters within each word, of which a blank marks beginning and end.
fn characters(text: &str) -> impl Iterator<Item = u64> {
    text.split_whitespace().flat_map(|word| {
        let padded = format!(" {word} ");
        let mut borders: Vec<usize> = padded.char_indices().map(|(at, _)| at).collect();
        borders.push(padded.len());
        let length = borders.len() - 1;
        let mut runs = Vec::new();
        for n in CHARACTERS {
            if length <= n {
                runs.push(number(&["c", &padded]));
                break;
            }
            runs.extend(
                (0..=length - n).map(|i| number(&["c", &padded[borders[i]..borders[i + n]]])),
            );
        }
        runs
    })
}

/// The text without code, tags, tables, images and addresses.
fn without_markup(text: &str) -> String {
    static MARKUP: LazyLock<[(Regex, &str); 7]> = LazyLock::new(|| {
        [
            (constant(r"(?s)```.*?(```|$)"), " _code_ "),
            (constant(r"(?s)<!--.*?(-->|$)"), " "),
            (constant(r"(?s)\{(noformat|code)[^}]*\}.*?(\{(noformat|code)\}|$)"), " _code_ "),
            (constant(r"!\[[^\]]*\]\([^)]*\)"), " _img_ "),
            (constant(r"https?://\S+"), " _url_ "),
            (constant(r"<[^>\n]{1,80}>"), " "),
            (constant(r"(?m)^\|.*\|\s*$"), " "),
        ]
    });
    let mut text = text.to_owned();
    for (pattern, instead) in MARKUP.iter() {
        if let std::borrow::Cow::Owned(changed) = pattern.replace_all(&text, *instead) {
            text = changed;
        }
    }
    text
}

#[expect(clippy::unwrap_used, reason = "constant patterns, which the tests compile")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_is_no_prose() {
        let text = "it fails\n```\npanic at line 1\n```\nsee https://example.com <br> thanks";
        assert_eq!(without_markup(text), "it fails\n _code_ \nsee  _url_    thanks");
        let grams = Grams::of("Pay pay PAY!");
        assert_eq!(grams.words.iter().map(|(_, n)| *n).max(), Some(3));
    }

    proptest! {
        #[test]
        fn any_text_has_grams(text in any::<String>()) {
            let grams = Grams::of(&text);
            prop_assert!(grams.words.is_sorted() && grams.characters.is_sorted());
        }
    }

    #[test]
    fn long_texts_are_cut() {
        for text in ["🔥".repeat(50_000), "a".repeat(50_000), "a ".repeat(25_000)] {
            assert!(Grams::of(&text).characters.len() < 50_000);
        }
    }
}
