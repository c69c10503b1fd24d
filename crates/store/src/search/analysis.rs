//! From text to terms. Both engines index the same terms, made here, so that a search finds the same
//! tickets on both.
//!
//! Every word has a term: its stem by the rules of English, which leave words of other languages mostly as they are.
//! A text in one of the languages below is found by the stems of its own language besides. A query says too little to
//! tell its language, so that each of its words stands for its stems in all of them.

use std::{cell::LazyCell, collections::HashSet};

use atc_core::text::{Description, Title};
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use whatlang::Lang;

/// Terms longer than this are cut: nobody types them, and an index has bounds.
const MAX_TERM_CHARS: usize = 40;
/// From how much of a text its language is told.
const TOLD_BY_CHARS: usize = 600;

/// The languages beside English whose words are stemmed.
const LANGUAGES: [(Lang, Algorithm); 14] = [
    (Lang::Deu, Algorithm::German),
    (Lang::Fra, Algorithm::French),
    (Lang::Spa, Algorithm::Spanish),
    (Lang::Ita, Algorithm::Italian),
    (Lang::Por, Algorithm::Portuguese),
    (Lang::Nld, Algorithm::Dutch),
    (Lang::Swe, Algorithm::Swedish),
    (Lang::Dan, Algorithm::Danish),
    (Lang::Nob, Algorithm::Norwegian),
    (Lang::Fin, Algorithm::Finnish),
    (Lang::Hun, Algorithm::Hungarian),
    (Lang::Ron, Algorithm::Romanian),
    (Lang::Rus, Algorithm::Russian),
    (Lang::Tur, Algorithm::Turkish),
];

thread_local! {
    static STEMMER: LazyCell<Stemmer> = LazyCell::new(|| Stemmer::create(Algorithm::English));
}

/// A word of a text.
pub(crate) struct Word {
    /// What it is found by: lower case, without accents, English by its stem.
    pub term: String,
    /// The same with its accents, and not stemmed: languages need them to stem.
    spelt: String,
}

/// The terms of a text in their order: runs of letters and digits, in lower case, without accents,
/// English words by their stem.
pub(crate) fn terms(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.term).collect()
}

/// The words of a text in their order.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut bare, mut spelt) = (String::new(), String::new());
    let mut flush = |bare: &mut String, spelt: &mut String| {
        if !bare.is_empty() {
            words.push(Word { term: stem(bare), spelt: spelt.nfc().collect() });
            bare.clear();
        }
        spelt.clear();
    };
    for c in text.nfkd() {
        if is_combining_mark(c) {
            if !bare.is_empty() {
                spelt.push(c);
            }
        } else if c.is_alphanumeric() {
            if bare.chars().count() < MAX_TERM_CHARS {
                bare.extend(c.to_lowercase());
                spelt.extend(c.to_lowercase());
            }
        } else {
            flush(&mut bare, &mut spelt);
        }
    }
    flush(&mut bare, &mut spelt);
    words
}

fn stem(term: &str) -> String {
    if term.len() < 3 || !term.bytes().all(|b| b.is_ascii_lowercase()) {
        return term.to_owned();
    }
    STEMMER.with(|stemmer| stemmer.stem(term).into_owned())
}

impl Word {
    /// Its stem by the rules of another language, where that is another term.
    fn stem_in(&self, stemmer: &Stemmer) -> Option<String> {
        if self.spelt.len() < 3 || !self.spelt.chars().all(char::is_alphabetic) {
            return None;
        }
        let stem = stemmer.stem(&self.spelt);
        let bare: String =
            stem.nfkd().filter(|c| c.is_alphanumeric() && !is_combining_mark(*c)).collect();
        (!bare.is_empty() && bare != self.term).then_some(bare)
    }

    /// All terms that a text may have where it has this word, whatever its language.
    pub(crate) fn in_any_language(self) -> Vec<String> {
        let stemmers = LANGUAGES.iter().map(|(_, algorithm)| Stemmer::create(*algorithm));
        let mut all: Vec<String> = stemmers.filter_map(|s| self.stem_in(&s)).collect();
        all.push(self.term);
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The language of a text, where it is not English and can be told.
struct Language(Option<Stemmer>);

impl Language {
    fn of(texts: &[&str]) -> Self {
        let start: String =
            texts.iter().flat_map(|t| t.chars().chain(['\n'])).take(TOLD_BY_CHARS).collect();
        let told = whatlang::detect(&start).filter(whatlang::Info::is_reliable);
        let algorithm = told.and_then(|told| LANGUAGES.iter().find(|(l, _)| *l == told.lang()));
        Self(algorithm.map(|(_, algorithm)| Stemmer::create(*algorithm)))
    }

    /// What a text is found by besides its terms.
    fn stems(&self, text: &str) -> Vec<String> {
        let Some(stemmer) = &self.0 else { return Vec::new() };
        words(text).iter().filter_map(|word| word.stem_in(stemmer)).collect()
    }
}

/// The terms of a text that has a title, by where they stand.
pub(crate) struct TitledText {
    pub title: Vec<String>,
    pub body: Vec<String>,
    /// Stems of the text's own language, where that is not English: found as the words are, and no part of any
    /// comparison of texts.
    pub title_stems: Vec<String>,
    pub body_stems: Vec<String>,
    language: Language,
}

impl TitledText {
    pub fn new(title: &str, body: &str) -> Self {
        let language = Language::of(&[title, body]);
        Self {
            title: terms(title),
            body: terms(body),
            title_stems: language.stems(title),
            body_stems: language.stems(body),
            language,
        }
    }
}

/// The terms of a ticket, by where they stand.
pub(crate) struct TicketText {
    pub own: TitledText,
    /// What everybody who sees the ticket may see besides: comments, and the requester's own files.
    pub comments: Vec<String>,
    /// Internal notes and other people's files, which only staff find anything by.
    pub notes: Vec<String>,
}

impl TicketText {
    /// `besides` is what else belongs to the ticket, comments and what was read in files, each with
    /// whether only staff may see it.
    pub fn new(title: &Title, description: &Description, besides: &[(String, bool)]) -> Self {
        let own = TitledText::new(title.as_str(), description.as_str());
        let of = |internal: bool| {
            let texts = besides.iter().filter(move |(_, i)| *i == internal);
            texts
                .flat_map(|(text, _)| terms(text).into_iter().chain(own.language.stems(text)))
                .collect()
        };
        let (comments, notes) = (of(false), of(true));
        Self { own, comments, notes }
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

    #[test]
    fn texts_are_found_by_the_stems_of_their_language() {
        let german = "Die Rechnungen der Kunden wurden seit gestern nicht mehr gedruckt, bitte helfen Sie uns.";
        let french =
            "Bonjour, les imprimantes de notre bureau ne fonctionnent plus depuis hier matin.";
        for (text, asked) in [(german, "Rechnung Kunde"), (french, "imprimante bureaux")] {
            let indexed = TitledText::new("", text);
            let all: HashSet<_> = indexed.body.iter().chain(&indexed.body_stems).collect();
            for word in words(asked) {
                let any = word.in_any_language();
                assert!(any.iter().any(|term| all.contains(term)), "{any:?} in {all:?}");
            }
        }
        let english = TitledText::new(
            "Printers",
            "The printers of our office have not worked since yesterday.",
        );
        assert!(english.body_stems.is_empty() && english.title_stems.is_empty());
    }

    proptest! {
        #[test]
        fn stems_are_safe_to_quote(text in any::<String>()) {
            for term in words(&text).into_iter().flat_map(Word::in_any_language) {
                prop_assert!(!term.is_empty());
                prop_assert!(term.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c)));
            }
        }

        #[test]
        fn terms_are_safe_to_quote(text in any::<String>()) {
            for term in terms(&text) {
                prop_assert!(!term.is_empty());
                prop_assert!(term.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c)));
            }
        }
    }
}
