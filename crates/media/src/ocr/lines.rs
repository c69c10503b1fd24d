//! Lines of text and their words.

use atc_core::file::Word;

use super::{ctc::Glyph, layout::Row, orientation::Turn, region::Region};

/// A gap this many times as wide as the usual step between two characters parts words, whether the model
/// read a space there or not.
const WIDE_GAP: f32 = 2.6;

/// A line of text in a picture. Boxes are in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its words with one space between them.
    pub text: String,
    /// Its words, from left to right.
    pub words: Vec<Word>,
    /// The box around it: left, top, right, bottom.
    pub bounds: [f64; 4],
    /// The mean over its characters, 0 to 1.
    pub confidence: f64,
    /// How high its letters are set, which is less than the height of `bounds` where it is turned.
    pub height: f64,
    /// Whether it begins something new: a paragraph, a column, a panel.
    pub begins_block: bool,
}

/// The text of lines, one below the other, with an empty line before what begins something new.
#[must_use]
pub fn text_of(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() {
            text.push_str(if line.begins_block { "\n\n" } else { "\n" });
        }
        text.push_str(&line.text);
    }
    text
}

impl Line {
    /// One line from its pieces, from left to right.
    pub(super) fn of((pieces, begins_block): Row) -> Self {
        let words: Vec<Word> =
            pieces.iter().flat_map(|(region, reading)| words_of(region, &reading.0)).collect();
        let (sum, n) = pieces
            .iter()
            .flat_map(|(_, reading)| &reading.0)
            .fold((0.0, 0u32), |(sum, n), glyph| (sum + f64::from(glyph.confidence), n + 1));
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let height = pieces.iter().map(|(region, _)| f64::from(region.height)).fold(0.0, f64::max);
        Self {
            text: text.join(" "),
            bounds: around(&words),
            words,
            confidence: sum / f64::from(n.max(1)),
            height,
            begins_block,
        }
    }

    /// Puts its boxes where they are in the picture before it was turned.
    pub(super) fn turn_back(&mut self, turn: Turn, (width, height): (u32, u32)) {
        let size = [f64::from(width), f64::from(height)];
        for word in &mut self.words {
            let [left, top, right, bottom] =
                turn.back([word.x, word.y, word.x + word.width, word.y + word.height], size);
            (word.x, word.y) = (left, top);
            (word.width, word.height) = (right - left, bottom - top);
        }
        self.bounds = turn.back(self.bounds, size);
    }
}

/// The words of one piece with their boxes, which lie between the middles of their outer characters and
/// those of their neighbours.
fn words_of(region: &Region, glyphs: &[Glyph]) -> Vec<Word> {
    let pitch = pitch(glyphs);
    let mut words: Vec<Vec<Glyph>> = vec![Vec::new()];
    let mut last: Option<f32> = None;
    for glyph in glyphs {
        let gap = last.is_some_and(|last| glyph.at - last > WIDE_GAP * pitch);
        if (glyph.character.is_whitespace() || gap)
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(Vec::new());
        }
        if let (false, Some(word)) = (glyph.character.is_whitespace(), words.last_mut()) {
            word.push(*glyph);
        }
        last = Some(glyph.at);
    }
    words.retain(|word| !word.is_empty());
    let half = pitch / 2.0;
    words
        .iter()
        .enumerate()
        .map(|(i, word)| {
            let (first, last) = (word[0].at, word[word.len() - 1].at);
            let before = i
                .checked_sub(1)
                .map_or(0.0, |i| f32::midpoint(words[i][words[i].len() - 1].at, first));
            let after = words.get(i + 1).map_or(1.0, |next| f32::midpoint(last, next[0].at));
            let (u0, u1) = ((first - half).max(before).max(0.0), (last + half).min(after).min(1.0));
            word_at(&region.part(u0, u1.max(u0)), word)
        })
        .collect()
}

fn word_at(region: &Region, glyphs: &[Glyph]) -> Word {
    let [left, top, right, bottom] = region.bounds().map(f64::from);
    let sum: f64 = glyphs.iter().map(|glyph| f64::from(glyph.confidence)).sum();
    Word {
        text: glyphs.iter().map(|glyph| glyph.character).collect(),
        x: left.max(0.0),
        y: top.max(0.0),
        width: right - left.max(0.0),
        height: bottom - top.max(0.0),
        confidence: (sum / glyphs.len() as f64).clamp(0.0, 1.0),
    }
}

/// The usual step from one character to the next; of a single one, as wide as the line.
fn pitch(glyphs: &[Glyph]) -> f32 {
    let mut steps: Vec<f32> = glyphs.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(1.0)
}

fn around(words: &[Word]) -> [f64; 4] {
    let of = |edge: fn(&Word) -> f64, pick: fn(f64, f64) -> f64| {
        words.iter().map(edge).reduce(pick).unwrap_or_default()
    };
    [
        of(|w| w.x, f64::min),
        of(|w| w.y, f64::min),
        of(|w| w.x + w.width, f64::max),
        of(|w| w.y + w.height, f64::max),
    ]
}

#[cfg(test)]
mod tests {
    use super::{super::reader::Reading, *};

    fn glyphs(text: &str) -> Vec<Glyph> {
        let n = text.chars().count() as f32;
        text.chars()
            .enumerate()
            .map(|(i, character)| Glyph { character, at: (i as f32 + 0.5) / n, confidence: 0.9 })
            .collect()
    }

    fn region() -> Region {
        Region::new([50.0, 10.0], [1.0, 0.0], 100.0, 20.0)
    }

    #[test]
    fn words_have_boxes_where_their_letters_are() {
        let words = words_of(&region(), &glyphs("abc  de fg"));
        let found: Vec<(&str, f64, f64)> =
            words.iter().map(|w| (w.text.as_str(), w.x.round(), w.width.round())).collect();
        assert_eq!(found, [("abc", 0.0, 30.0), ("de", 50.0, 20.0), ("fg", 80.0, 20.0)]);
    }

    #[test]
    fn a_wide_gap_parts_words_without_a_space() {
        let mut both = glyphs("abcdefghij");
        both.drain(4..7);
        let words = words_of(&region(), &both);
        assert_eq!(words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>(), ["abcd", "hij"]);
    }

    #[test]
    fn a_line_has_one_space_between_words_and_none_around() {
        let pieces = vec![
            (region(), Reading(glyphs(" a b "))),
            (Region { center: [160.0, 10.0], ..region() }, Reading(glyphs("c"))),
        ];
        let line = Line::of((pieces, false));
        assert_eq!(line.text, "a b c");
        assert_eq!(line.bounds[2], 210.0);
        assert!((line.confidence - 0.9).abs() < 1e-6);
    }

    #[test]
    fn what_begins_a_block_has_an_empty_line_before_it() {
        let line = |begins| Line::of((vec![(region(), Reading(glyphs("x")))], begins));
        assert_eq!(text_of(&[line(true), line(false), line(true)]), "x\nx\n\nx");
        assert_eq!(text_of(&[]), "");
    }
}
