//! The sentences that carry the meaning, as they stand in the text.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::sentences::{sentences, weight};

/// The most sentences of a summary.
const MAX_SENTENCES: usize = 3;

/// Up to three sentences of at most `limit` characters together, in the order of the text: those that
/// tell of a problem or a wish, and share the words that the text repeats (Luhn, "The Automatic
/// Creation of Literature Abstracts", 1958).
pub(crate) fn summary(clean: &str, limit: usize) -> String {
    let found = sentences(clean);
    let words: Vec<Vec<String>> = found.iter().map(|s| content_words(s)).collect();
    let mut counts: HashMap<&str, u16> = HashMap::new();
    for word in words.iter().flatten() {
        let count = counts.entry(word).or_default();
        *count = count.saturating_add(1);
    }
    let centrality = |words: &Vec<String>| -> f32 {
        let shared: f32 =
            words.iter().map(|w| f32::from(counts.get(w.as_str()).map_or(0, |n| n - 1))).sum();
        #[expect(clippy::cast_precision_loss, reason = "a number of words")]
        let length = (words.len() + 3) as f32;
        shared / length
    };
    let mut order: Vec<(f32, usize)> = found
        .iter()
        .enumerate()
        .map(|(i, sentence)| (weight(sentence, i) + 0.5 * centrality(&words[i]), i))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<usize> = Vec::new();
    let mut room = limit;
    for (_, i) in order {
        let length = found[i].chars().count() + 1;
        if chosen.len() < MAX_SENTENCES && length <= room {
            chosen.push(i);
            room -= length;
        }
    }
    if chosen.is_empty() {
        // One sentence longer than the limit: its beginning.
        let start: String = clean.chars().take(limit).collect();
        return start.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|i| found[i]).collect::<Vec<_>>().join(" ")
}

fn content_words(sentence: &str) -> Vec<String> {
    let words = sentence.unicode_words().filter(|w| w.chars().count() > 3);
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_keeps_what_matters_in_its_order() {
        let text = "I hope you are well. The export of reports fails with error 500. We use the \
            blue theme. The export worked last week. Please look into it.";
        let short = summary(text, 100);
        assert!(short.contains("fails with error 500") && !short.contains("hope"), "{short}");
        assert_eq!(summary("Short text.", 300), "Short text.");
        assert_eq!(summary("", 300), "");
    }

    proptest! {
        #[test]
        fn it_is_never_longer_than_asked_for(text in any::<String>(), limit in 20usize..400) {
            prop_assert!(summary(&text, limit).chars().count() <= limit);
        }
    }
}
