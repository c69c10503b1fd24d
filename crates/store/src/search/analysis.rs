//! From text to terms. Both engines index the same terms, made here, so that a search finds the same
//! tickets on both.

use std::{cell::LazyCell, collections::HashSet};

use atc_core::text::{Description, Title};
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Terms longer than this are cut: nobody types them, and an index has bounds.
const MAX_TERM_CHARS: usize = 40;

thread_local! {
    static STEMMER: LazyCell<Stemmer> = LazyCell::new(|| Stemmer::create(Algorithm::English));
}

/// The terms of a text in their order: runs of letters and digits, in lower case, without accents,
/// English words by their stem.
pub(crate) fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut flush = |term: &mut String| {
        if !term.is_empty() {
            terms.push(stem(term));
            term.clear();
        }
    };
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        if c.is_alphanumeric() {
            if term.chars().count() < MAX_TERM_CHARS {
                term.extend(c.to_lowercase());
            }
        } else {
            flush(&mut term);
        }
    }
    flush(&mut term);
    terms
}

fn stem(term: &str) -> String {
    if term.len() < 3 || !term.bytes().all(|b| b.is_ascii_lowercase()) {
        return term.to_owned();
    }
    STEMMER.with(|stemmer| stemmer.stem(term).into_owned())
}

/// The terms of a ticket, by where they stand.
pub(crate) struct TicketText {
    pub title: Vec<String>,
    pub body: Vec<String>,
    /// What everybody who sees the ticket may see besides: comments, and the requester's own files.
    pub comments: Vec<String>,
    /// Internal notes and other people's files, which only staff find anything by.
    pub notes: Vec<String>,
}

impl TicketText {
    /// `besides` is what else belongs to the ticket, comments and what was read in files, each with
    /// whether only staff may see it.
    pub fn new(title: &Title, description: &Description, besides: &[(String, bool)]) -> Self {
        let of = |internal: bool| {
            let texts = besides.iter().filter(move |(_, i)| *i == internal);
            texts.flat_map(|(text, _)| terms(text)).collect()
        };
        Self {
            title: terms(title.as_str()),
            body: terms(description.as_str()),
            comments: of(false),
            notes: of(true),
        }
    }
}

/// A `tsvector` as PostgreSQL reads one: every term once, with the field it stands in as weight.
/// Positions carry no meaning here.
pub(crate) fn tsvector(fields: &[(&[String], char)]) -> String {
    let mut seen: HashSet<(&str, char)> = HashSet::new();
    let mut text = String::new();
    for (terms, weight) in fields {
        for term in *terms {
            if seen.insert((term, *weight)) {
                // Terms are letters and digits only, so that quotes and backslashes cannot occur.
                text.extend(["'", term, "':1"]);
                text.extend([*weight, ' ']);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_meet_in_their_stem_and_codes_stay_whole() {
        assert_eq!(terms("Printers are PRINTING"), terms("printer are print"));
        assert_eq!(terms("Zürich-Büro: 0x80070005"), ["zurich", "buro", "0x80070005"]);
        assert_eq!(terms("ﬁle"), ["file"]);
        assert!(terms(" — …").is_empty());
    }

    proptest! {
        #[test]
        fn terms_are_safe_to_quote(text in any::<String>()) {
            for term in terms(&text) {
                prop_assert!(!term.is_empty());
                prop_assert!(term.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c)));
            }
        }
    }
}
