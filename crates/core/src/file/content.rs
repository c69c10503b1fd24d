//! What was read in a file. It crosses the border of the sandbox as JSON.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

/// What kind of thing a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A picture.
    Image,
    /// A recording of sound.
    Audio,
    /// A recording of pictures, with or without sound.
    Video,
    /// Pages, tables, mails, texts, and lists of what an archive holds.
    Document,
    /// Nothing that could be read.
    Other,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Image, Self::Audio, Self::Video, Self::Document, Self::Other];

    /// The word that stands for it in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Other => "other",
        }
    }
}

/// The word names no kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("One of image, audio, video, document, other is expected.")]
pub struct UnknownKind;

impl FromStr for FileKind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(UnknownKind)
    }
}

/// What was read in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extracted {
    /// What kind of thing it is.
    pub kind: FileKind,
    /// All text, in reading order.
    pub text: String,
    /// ISO 639-1 code of the language; `None` where it cannot be told.
    pub language: Option<String>,
    /// What was said, and when.
    #[serde(default)]
    pub segments: Vec<Segment>,
    /// The text page by page; a spreadsheet's sheets and a presentation's slides are pages.
    #[serde(default)]
    pub pages: Vec<PageText>,
    /// The words of a picture, in reading order.
    #[serde(default)]
    pub words: Vec<Word>,
    /// What a recording showed, and when.
    #[serde(default)]
    pub frames: Vec<Frame>,
    /// What else the file says of itself: `width`, `height`, `duration_s`, `title`, `author`, …
    #[serde(default)]
    pub metadata: BTreeMap<String, Fact>,
}

impl Extracted {
    /// Of this kind, with nothing read yet.
    #[must_use]
    pub fn empty(kind: FileKind) -> Self {
        Self {
            kind,
            text: String::new(),
            language: None,
            segments: Vec::new(),
            pages: Vec::new(),
            words: Vec::new(),
            frames: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }
}

impl Extracted {
    /// The most characters of text that are kept.
    pub const MOST_CHARS: usize = 1_000_000;
    /// The most words, segments, pages or frames that are kept.
    pub const MOST_PARTS: usize = 20_000;

    /// Brings it within its bounds; `truncated` among the facts tells that something was cut off. NUL,
    /// which no database column carries faithfully, is left out.
    pub fn bound(&mut self) {
        let mut cut = bound_text(&mut self.text, Self::MOST_CHARS);
        cut |= bound_parts(&mut self.segments, |segment| &mut segment.text);
        cut |= bound_parts(&mut self.pages, |page| &mut page.text);
        cut |= bound_parts(&mut self.words, |word| &mut word.text);
        cut |= bound_parts(&mut self.frames, |frame| &mut frame.text);
        if cut {
            self.metadata.insert("truncated".to_owned(), true.into());
        }
    }
}

/// Cuts a text off; tells whether it did.
fn bound_text(text: &mut String, most: usize) -> bool {
    text.retain(|c| c != '\0');
    let end = text.char_indices().nth(most).map(|(end, _)| end);
    if let Some(end) = end {
        text.truncate(end);
    }
    end.is_some()
}

/// Cuts off surplus parts and, where all texts together are too long, the last ones of them.
fn bound_parts<T>(parts: &mut Vec<T>, text: impl Fn(&mut T) -> &mut String) -> bool {
    let mut cut = parts.len() > Extracted::MOST_PARTS;
    parts.truncate(Extracted::MOST_PARTS);
    let mut room = Extracted::MOST_CHARS;
    for part in parts {
        cut |= bound_text(text(part), room);
        room -= text(part).chars().count();
    }
    cut
}

/// A piece of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Seconds from the beginning.
    pub start: f64,
    /// Seconds from the beginning.
    pub end: f64,
    /// What was said.
    pub text: String,
}

/// The text of one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageText {
    /// The first is 1.
    pub number: u32,
    /// Its text.
    pub text: String,
}

/// A word in a picture and where it stands: pixels from the upper left corner of the picture as
/// people see it, which is after the turn that its EXIF orientation asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The word.
    pub text: String,
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
    /// The probability that it was read rightly, 0 to 1.
    pub confidence: f64,
}

/// What a recording showed at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Seconds from the beginning.
    pub at: f64,
    /// The text in the picture, in reading order.
    pub text: String,
}

/// What a file says of itself in one respect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several facts in order.
    List(Vec<Fact>),
    /// Several facts by name.
    Facts(BTreeMap<String, Fact>),
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Fact {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Fact {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_kept_within_bounds() {
        let mut small = Extracted::empty(FileKind::Document);
        small.text = "a\0b".to_owned();
        small.bound();
        assert_eq!((small.text.as_str(), small.metadata.len()), ("ab", 0));

        let mut large = Extracted::empty(FileKind::Document);
        large.text = "ä".repeat(Extracted::MOST_CHARS + 1);
        let page = |number| PageText { number, text: "ä".repeat(600_000) };
        large.pages = vec![page(1), page(2), page(3)];
        large.bound();
        assert_eq!(large.text.chars().count(), Extracted::MOST_CHARS);
        let lengths: Vec<_> = large.pages.iter().map(|p| p.text.chars().count()).collect();
        assert_eq!(lengths, [600_000, 400_000, 0]);
        assert_eq!(large.metadata["truncated"], Fact::Flag(true));
    }
}
