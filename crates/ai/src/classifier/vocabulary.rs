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

impl Block {
    fn learn<'a>(texts: impl Iterator<Item = &'a [(u64, u16)]>, most: usize) -> Self {
        let mut frequency: HashMap<u64, u32> = HashMap::new();
        let mut count = 0usize;
        for text in texts {
            count += 1;
            for (gram, _) in text {
                *frequency.entry(*gram).or_default() += 1;
            }
        }
        let least = if count < RARE_MATTERS_BELOW { 1 } else { 2 };
        let mut kept: Vec<(u64, u32)> =
            frequency.into_iter().filter(|(_, n)| *n >= least).collect();
        if kept.len() > most {
            kept.sort_unstable_by_key(|(gram, n)| (std::cmp::Reverse(*n), *gram));
            kept.truncate(most);
        }
        kept.sort_unstable();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts")]
        let idf = |n: u32| (((1 + count) as f64 / f64::from(1 + n)).ln() + 1.0) as f32;
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
    /// Takes the commonest grams of the texts.
    pub fn learn(texts: &[Grams]) -> Self {
        let marked_up = texts.iter().any(|t| t.prose != t.words);
        let most = MAX_GRAMS / if marked_up { 3 } else { 2 };
        let prose = if marked_up {
            Block::learn(texts.iter().map(|t| t.prose.as_slice()), most)
        } else {
            Block::default()
        };
        Self {
            words: Block::learn(texts.iter().map(|t| t.words.as_slice()), most),
            characters: Block::learn(texts.iter().map(|t| t.characters.as_slice()), most),
            prose,
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
