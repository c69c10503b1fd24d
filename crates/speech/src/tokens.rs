//! The texts and times in Whisper's tokens.

use tokenizers::{Decoder, pre_tokenizers::byte_level::ByteLevel};

/// A text and when it is said, in seconds from the beginning of what was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    pub start: f64,
    pub end: f64,
    pub text: String,
}

/// The texts between the tokens of time. `length` is that of the sound, in seconds, where a text ends
/// that is left open.
pub fn timed(tokens: &[String], length: f64) -> Vec<Timed> {
    let mut all = Vec::new();
    let mut start = 0.0;
    let mut words: Vec<String> = Vec::new();
    let mut close = |words: &mut Vec<String>, start: f64, end: f64| {
        let text = text(std::mem::take(words));
        if !text.is_empty() {
            let start = start.min(length);
            all.push(Timed { start, end: end.clamp(start, length), text });
        }
    };
    for token in tokens {
        match time(token) {
            Some(at) => {
                close(&mut words, start, at);
                start = at;
            }
            None if is_special(token) => {}
            None => words.push(token.clone()),
        }
    }
    close(&mut words, start, length);
    all
}

/// All of the text, without the times.
pub fn all_text(tokens: &[String]) -> String {
    text(tokens.iter().filter(|token| !is_special(token)).cloned().collect())
}

/// The time that a token such as `<|12.34|>` stands for.
fn time(token: &str) -> Option<f64> {
    let number = token.strip_prefix("<|")?.strip_suffix("|>")?;
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    number.parse().ok()
}

fn is_special(token: &str) -> bool {
    token.starts_with("<|") && token.ends_with("|>")
}

/// The text that byte-level tokens spell; characters that were cut become U+FFFD and are left out.
fn text(tokens: Vec<String>) -> String {
    let spelt = ByteLevel::default().decode(tokens).unwrap_or_default();
    spelt.replace(char::REPLACEMENT_CHARACTER, "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tokens: &[&str], length: f64) -> Vec<(f64, f64, String)> {
        let tokens: Vec<String> = tokens.iter().map(|&t| t.to_owned()).collect();
        timed(&tokens, length).into_iter().map(|t| (t.start, t.end, t.text)).collect()
    }

    #[test]
    fn texts_stand_between_times() {
        let tokens = ["<|0.00|>", "ĠThe", "Ġprinter", "<|1.50|>", "<|2.00|>", "ĠgrÃ¼n", "<|3.00|>"];
        let wanted = vec![(0.0, 1.5, "The printer".into()), (2.0, 3.0, "grün".into())];
        assert_eq!(of(&tokens, 10.0), wanted);
    }

    #[test]
    fn an_open_text_ends_with_the_sound() {
        assert_eq!(of(&["<|1.00|>", "Ġa"], 4.0), vec![(1.0, 4.0, "a".into())]);
        assert_eq!(
            of(&["Ġa", "<|9.00|>", "Ġb"], 4.0),
            vec![(0.0, 4.0, "a".into()), (4.0, 4.0, "b".into())]
        );
        assert_eq!(of(&["<|0.00|>", "<|endoftext|>", "Ã"], 4.0), vec![]);
    }
}
