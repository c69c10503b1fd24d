//! What Whisper says although nobody did: loops, and sentences that it learnt from subtitles.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};

/// A phrase is a loop from so many times in a row on.
const LOOP: usize = 4;
/// The longest phrase that is looked for, in words.
const LONGEST_PHRASE: usize = 16;

/// How much smaller zlib makes a text: above 2.4 it repeats itself (Radford et al., section 4.5).
#[expect(clippy::cast_precision_loss, reason = "a text of some hundred words")]
pub fn compression_ratio(text: &str) -> f64 {
    if text.is_empty() {
        return 1.0;
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let packed = zlib.write_all(text.as_bytes()).and_then(|()| zlib.finish()).unwrap_or_default();
    text.len() as f64 / packed.len().max(1) as f64
}

/// The text with each phrase that is said four times in a row or more said once.
pub fn without_loops(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|word| plain(word)).collect();
    let mut kept = Vec::with_capacity(words.len());
    let mut i = 0;
    while i < words.len() {
        let looped = (1..=LONGEST_PHRASE).find_map(|n| {
            let phrase = plain.get(i..i + n)?;
            let times =
                1 + plain[i + n..].chunks_exact(n).take_while(|next| *next == phrase).count();
            (times >= LOOP).then_some((n, times))
        });
        let (n, times) = looped.unwrap_or((1, 1));
        kept.extend_from_slice(&words[i..i + n]);
        i += n * times;
    }
    kept.join(" ")
}

/// Whether a text is one that Whisper is known to make up where nobody speaks (Koenecke et al.,
/// "Careless Whisper", 2024; Barański et al., "Investigation of Whisper ASR Hallucinations
/// Induced by Non-Speech Audio", ICASSP 2025).
pub fn is_often_made_up(text: &str) -> bool {
    const TEXTS: [&str; 24] = [
        "thank you",
        "thank you very much",
        "thank you so much",
        "thanks",
        "thank you bye",
        "thanks for watching",
        "thank you for watching",
        "thank you for listening",
        "please subscribe",
        "dont forget to like and subscribe",
        "see you next time",
        "see you in the next video",
        "ill see you next time",
        "you",
        "bye",
        "bye bye",
        "the end",
        "so",
        "oh",
        "okay",
        "vielen dank",
        "merci",
        "gracias",
        "ご視聴ありがとうございました",
    ];
    const CREDITS: [&str; 5] =
        ["amaraorg", "untertitel", "soustitres", "subtitles by", "subtítulos"];
    let plain = plain(text);
    TEXTS.contains(&plain.as_str()) || CREDITS.iter().any(|credit| plain.contains(credit))
}

/// Small letters and digits, with single spaces.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        word.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_repeats_itself_packs_well() {
        assert!(
            compression_ratio("The printer on the third floor is offline since this morning.")
                < 2.4
        );
        assert!(compression_ratio(&"the printer is offline ".repeat(10)) > 2.4);
        assert!((compression_ratio("") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn loops_are_said_once() {
        assert_eq!(without_loops("I said no, no, no."), "I said no, no, no.");
        assert_eq!(without_loops("a no, no No no no! b"), "a no, b");
        let looped = format!("It starts {}and ends", "to be or not ".repeat(9));
        assert_eq!(without_loops(&looped), "It starts to be or not and ends");
    }

    #[test]
    fn what_subtitles_say_is_known() {
        for text in
            ["Thank you.", " Thanks for watching!", "you", "Untertitel der Amara.org-Community"]
        {
            assert!(is_often_made_up(text), "{text}");
        }
        for text in ["Thank you for fixing the printer.", "", "You are late."] {
            assert!(!is_often_made_up(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn words_are_never_added(text in "([abc] ){0,60}") {
            let kept = without_loops(&text);
            prop_assert!(kept.split(' ').count() <= text.split(' ').count());
            prop_assert_eq!(text.trim().is_empty(), kept.is_empty());
        }
    }
}
