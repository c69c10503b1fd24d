//! Which grams count, and how much: term frequency times inverse document frequency.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Grams;

/// The most grams of all blocks together.
const MAX_GRAMS: usize = 60_000;
/// From so many texts on, a gram that stands in a single one is left out.
const RARE_MATTERS_BELOW: usize = 300;

/// The grams of one kind that occur in the training texts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Block {
    /// Sorted, so that a gram is found by halving.
    grams: Vec<u64>,
    idf: Vec<f32>,
}

/// All grams that count.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Vocabulary {
    words: Block,
    characters: Block,
    /// Empty where the training texts have no markup, and prose is all there is.
    prose: Block,
}

/// In how many texts each gram stands.
#[derive(Default)]
struct Frequencies(HashMap<u64, u32>);

impl Frequencies {
    fn count(&mut self, text: &[(u64, u16)]) {
        for (gram, _) in text {
            *self.0.entry(*gram).or_default() += 1;
        }
    }
}

impl Block {
    /// Keeps the grams of most texts.
    fn keep(frequencies: Frequencies, texts: usize, most: usize) -> Self {
        let least = if texts < RARE_MATTERS_BELOW { 1 } else { 2 };
        let mut kept: Vec<(u64, u32)> =
            frequencies.0.into_iter().filter(|(_, n)| *n >= least).collect();
        if kept.len() > most {
            kept.sort_unstable_by_key(|(gram, n)| (std::cmp::Reverse(*n), *gram));
            kept.truncate(most);
        }
        kept.sort_unstable();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts")]
        let idf = |n: u32| (((1 + texts) as f64 / f64::from(1 + n)).ln() + 1.0) as f32;
        Self {
            idf: kept.iter().map(|(_, n)| idf(*n)).collect(),
            grams: kept.into_iter().map(|(gram, _)| gram).collect(),
        }
    }

    /// Appends the text's grams, each with its weight, scaled to unit length.
    fn append(&self, text: &[(u64, u16)], first: usize, row: &mut Vec<(u32, f32)>) {
        let start = row.len();
        let mut square = 0.0;
        for (gram, count) in text {
            if let Ok(at) = self.grams.binary_search(gram) {
                let weight = (1.0 + f32::from(*count).ln()) * self.idf[at];
                square += weight * weight;
                // Columns are bounded by MAX_GRAMS.
                row.push((u32::try_from(first + at).unwrap_or(u32::MAX), weight));
            }
        }
        let length = square.sqrt().max(1e-9);
        for (_, weight) in &mut row[start..] {
            *weight /= length;
        }
    }
}

impl Vocabulary {
    /// Takes the commonest grams of the texts, one text after the other: all grams of all texts would
    /// need a hundred times the memory of the texts.
    pub fn learn(texts: &[String]) -> Self {
        let mut frequencies: [Frequencies; 3] = Default::default();
        let mut marked_up = false;
        for text in texts {
            let grams = Grams::of(text);
            marked_up |= grams.prose != grams.words;
            let [words, characters, prose] = &mut frequencies;
            words.count(&grams.words);
            characters.count(&grams.characters);
            prose.count(&grams.prose);
        }
        let most = MAX_GRAMS / if marked_up { 3 } else { 2 };
        let [words, characters, prose] = frequencies;
        let prose = if marked_up { prose } else { Frequencies::default() };
        Self {
            words: Block::keep(words, texts.len(), most),
            characters: Block::keep(characters, texts.len(), most),
            prose: Block::keep(prose, texts.len(), most),
        }
    }

    /// How many grams there are: the columns of a row.
    pub fn len(&self) -> usize {
        self.words.grams.len() + self.characters.grams.len() + self.prose.grams.len()
    }

    /// The text as a sparse row.
    pub fn row(&self, text: &Grams) -> Vec<(u32, f32)> {
        let mut row = Vec::new();
        let (words, characters) = (self.words.grams.len(), self.characters.grams.len());
        self.words.append(&text.words, 0, &mut row);
        self.characters.append(&text.characters, words, &mut row);
        self.prose.append(&text.prose, words + characters, &mut row);
        row
    }
}
