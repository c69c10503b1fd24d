//! Naming the place in a file that a triage rests on: a page, a second, a spot in a picture.

use std::fmt;

use atc_core::{
    file::{Extracted, ReadFile, Word},
    id::UserId,
    ports::Analysis,
};

/// How much of a passage is quoted.
const QUOTED_CHARS: usize = 160;
/// Words whose middles are no farther apart than this part of their height stand on one line.
const SAME_LINE: f64 = 0.6;

/// What a file says of the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Citation {
    /// Who uploaded the file.
    pub uploaded_by: UserId,
    /// The place and what stands there, as a sentence.
    pub text: String,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// The first is 1.
    Page(u32),
    /// Seconds from the beginning.
    At(f64),
    /// The left upper corner, in pixels.
    Spot(f64, f64),
    /// Nowhere in particular.
    Somewhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(number) => write!(f, ", page {number}"),
            Self::At(seconds) => {
                let (minutes, seconds) = ((seconds / 60.0).floor(), seconds.rem_euclid(60.0));
                write!(f, ", at {minutes:.0}:{:02.0}", seconds.floor())
            }
            Self::Spot(x, y) => write!(f, ", at pixel {x:.0}, {y:.0}"),
            Self::Somewhere => Ok(()),
        }
    }
}

/// The passage of a file that says most of what the triage says; `None` where nothing was read.
pub(super) fn cite(file: &ReadFile, analysis: &Analysis) -> Option<Citation> {
    let telling = telling_words(analysis);
    let mut best: Option<(usize, Place, String)> = None;
    for (place, passage) in passages(&file.content) {
        let lower = passage.to_lowercase();
        let hits = telling.iter().filter(|word| lower.contains(word.as_str())).count();
        if best.as_ref().is_none_or(|(most, ..)| hits > *most) {
            best = Some((hits, place, passage));
        }
    }
    let (_, place, passage) = best?;
    let name = &file.filename;
    let text = format!("The file {name}{place} says: “{}”.", quoted(&passage));
    Some(Citation { uploaded_by: file.uploaded_by, text })
}

/// The words by which the engine tells what a text is about: what it names, and its summary.
fn telling_words(analysis: &Analysis) -> Vec<String> {
    let named = analysis.entities.iter().flat_map(|(_, values)| values.iter().cloned());
    let summed_up = analysis.summary.split(|c: char| !c.is_alphanumeric());
    let long = summed_up.filter(|word| word.chars().count() > 3).map(str::to_owned);
    let mut words: Vec<_> = named.chain(long).map(|word| word.to_lowercase()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// What a file says, piece by piece, each with its place.
fn passages(content: &Extracted) -> Vec<(Place, String)> {
    let mut passages: Vec<(Place, String)> = Vec::new();
    passages.extend(content.segments.iter().map(|s| (Place::At(s.start), s.text.clone())));
    passages.extend(
        content.frames.iter().flat_map(|frame| {
            frame.text.lines().map(|line| (Place::At(frame.at), line.to_owned()))
        }),
    );
    passages.extend(content.pages.iter().flat_map(|page| {
        page.text.lines().map(|line| (Place::Page(page.number), line.to_owned()))
    }));
    passages.extend(lines(&content.words));
    if passages.is_empty() {
        passages.extend(content.text.lines().map(|line| (Place::Somewhere, line.to_owned())));
    }
    passages.retain(|(_, passage)| !passage.trim().is_empty());
    passages
}

/// Words joined to lines again: they come in reading order.
fn lines(words: &[Word]) -> Vec<(Place, String)> {
    let mut lines: Vec<(Place, String)> = Vec::new();
    let mut last: Option<&Word> = None;
    for word in words {
        let goes_on = last.is_some_and(|before| {
            let apart = (before.y + before.height / 2.0) - (word.y + word.height / 2.0);
            apart.abs() < SAME_LINE * before.height.max(word.height) && word.x >= before.x
        });
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, line)) => {
                line.push(' ');
                line.push_str(&word.text);
            }
            None => lines.push((Place::Spot(word.x, word.y), word.text.clone())),
        }
        last = Some(word);
    }
    lines
}

fn quoted(passage: &str) -> String {
    let words = passage.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use atc_core::{
        category::Slug,
        file::{FileKind, FileName, PageText, Segment},
        ports::{CategoryVerdict, PriorityVerdict},
        ticket::Priority,
    };
    use uuid::Uuid;

    use super::*;

    fn analysis(summary: &str) -> Analysis {
        Analysis {
            category: CategoryVerdict {
                ranked: vec![(Slug::parse("bug").unwrap(), 1.0)],
                needs_review: false,
                evidence: Vec::new(),
                neighbours: Vec::new(),
            },
            priority: PriorityVerdict {
                priority: Priority::Medium,
                confidence: 1.0,
                evidence: Vec::new(),
            },
            title: String::new(),
            summary: summary.to_owned(),
            language: None,
            tags: Vec::new(),
            entities: vec![("error_codes", vec!["E1042".to_owned()])],
            meaning: None,
            model: Cow::Borrowed("test"),
            degraded: false,
        }
    }

    fn cited(name: &str, fill: impl FnOnce(&mut Extracted)) -> Option<String> {
        let mut content = Extracted::empty(FileKind::Other);
        fill(&mut content);
        let uploaded_by = UserId(Uuid::nil());
        let file = ReadFile { filename: FileName::label(name), uploaded_by, content };
        cite(&file, &analysis("The payment was refused twice.")).map(|citation| citation.text)
    }

    fn word(text: &str, x: f64, y: f64) -> Word {
        Word { text: text.to_owned(), x, y, width: 40.0, height: 12.0, confidence: 1.0 }
    }

    #[test]
    fn the_page_the_second_and_the_spot_are_named() {
        let pages = cited("bill.pdf", |content| {
            content.pages = vec![
                PageText { number: 1, text: "Terms and conditions".to_owned() },
                PageText { number: 2, text: "Hello\nYour payment was refused.".to_owned() },
            ];
        });
        assert_eq!(pages.unwrap(), "The file bill.pdf, page 2 says: “Your payment was refused.”.");

        let said = cited("memo.ogg", |content| {
            let segment = |start, text: &str| Segment { start, end: start, text: text.to_owned() };
            content.segments = vec![segment(1.0, "Hi there."), segment(72.9, "It says E1042.")];
        });
        assert_eq!(said.unwrap(), "The file memo.ogg, at 1:12 says: “It says E1042.”.");

        let shown = cited("shot.png", |content| {
            content.words =
                vec![word("Home", 10.0, 5.0), word("Error", 30.0, 90.0), word("E1042", 75.0, 91.0)];
        });
        assert_eq!(shown.unwrap(), "The file shot.png, at pixel 30, 90 says: “Error E1042”.");
        assert_eq!(cited("empty.png", |_| {}), None);
    }
}
