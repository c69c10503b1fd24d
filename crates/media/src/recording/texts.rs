//! The texts of a recording, put together for a reader.

use std::{collections::BTreeSet, fmt::Write as _};

use atc_core::file::{Frame, Segment};

/// Two texts on the screen with so much of their words in common are one.
const SAME: f64 = 0.9;
/// A pause of so many seconds begins a new paragraph.
const PAUSE_S: f64 = 2.0;

/// What is shown, without what was shown just before or, word for word, at any time before.
pub fn merged(shown: Vec<Frame>) -> Vec<Frame> {
    let mut kept: Vec<Frame> = Vec::new();
    for frame in shown {
        let text = frame.text.trim();
        let known = kept.iter().any(|other| other.text == text)
            || kept.last().is_some_and(|last| likeness(&last.text, text) >= SAME);
        if !text.is_empty() && !known {
            kept.push(Frame { at: frame.at, text: text.to_owned() });
        }
    }
    kept
}

/// The part of the words of both texts that they have in common (Jaccard), 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "numbers of words")]
pub fn likeness(a: &str, b: &str) -> f64 {
    let [a, b] = [a, b].map(words);
    let common = a.intersection(&b).count();
    let all = a.len() + b.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// What is said, followed by what is shown.
pub fn all(segments: &[Segment], frames: &[Frame]) -> String {
    let mut text = String::new();
    let mut last: Option<&Segment> = None;
    for segment in segments {
        if let Some(last) = last {
            text.push(if segment.start - last.end >= PAUSE_S { '\n' } else { ' ' });
        }
        text.push_str(&segment.text);
        last = Some(segment);
    }
    for frame in frames {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "On screen at {}:\n{}", clock(frame.at), frame.text);
    }
    text
}

/// A time such as `1:02:03`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(at: f64, text: &str) -> Frame {
        Frame { at, text: text.into() }
    }

    #[test]
    fn what_was_shown_before_is_not_told_again() {
        let shown = vec![
            frame(0.0, "Inbox 3\nNew message"),
            frame(1.0, " "),
            frame(2.0, "inbox 3 new message"),
            frame(3.0, "Error 0x80070005: access denied"),
            frame(4.0, "Inbox 3\nNew message"),
        ];
        let kept: Vec<f64> = merged(shown).iter().map(|f| f.at).collect();
        assert_eq!(kept, [0.0, 3.0]);
    }

    #[test]
    fn the_text_is_what_is_said_and_then_what_is_shown() {
        let said = |start, end, text: &str| Segment { start, end, text: text.into() };
        let segments =
            [said(0.0, 1.0, "Hello."), said(1.2, 2.0, "It crashed."), said(9.0, 10.0, "Again.")];
        let text = all(&segments, &[frame(3_723.9, "Error 5")]);
        assert_eq!(text, "Hello. It crashed.\nAgain.\n\nOn screen at 1:02:03:\nError 5");
        assert_eq!(all(&[], &[frame(9.0, "a")]), "On screen at 0:09:\na");
        assert_eq!(all(&[], &[]), "");
    }
}
