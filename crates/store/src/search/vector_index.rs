//! Nearest neighbours without an extension: the signs of every vector in memory, 48 bytes each, say
//! which rows are worth fetching; their exact vectors come from the database.
//!
//! A sign code is the corner of the hypercube that a vector points to, and the Hamming distance of
//! two codes grows with the angle between their vectors (Charikar, "Similarity estimation techniques
//! from rounding algorithms", STOC 2002). Here the dimensions themselves serve as hyperplanes.

use std::{
    collections::{BTreeMap, BinaryHeap, HashSet},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use atc_core::vector::{DIMENSIONS, Vector};

const WORDS: usize = DIMENSIONS / 64;

/// The signs of a vector, one bit a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignCode([u64; WORDS]);

pub(crate) fn sign_code(vector: &Vector) -> SignCode {
    let mut words = [0; WORDS];
    for (i, x) in vector.as_slice().iter().enumerate() {
        if *x > 0.0 {
            words[i / 64] |= 1 << (i % 64);
        }
    }
    SignCode(words)
}

impl SignCode {
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|w| w.to_le_bytes()).collect()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; WORDS];
        let (chunks, rest) = bytes.as_chunks::<8>();
        if chunks.len() != WORDS || !rest.is_empty() {
            return None;
        }
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_le_bytes(*chunk);
        }
        Some(Self(words))
    }

    fn distance(&self, other: &SignCode) -> u32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

/// The codes of all rows by their keys. What it says is a hint: the database knows which rows still
/// exist.
#[derive(Default)]
pub(crate) struct VectorIndex(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// In the order of their keys.
    codes: Vec<(i64, SignCode)>,
    /// From which write on the database must be asked; see `dialect::safe_mark`.
    mark: i64,
    /// Counts what was taken in, so that nobody forgets what came after they looked.
    edition: u64,
}

/// What a search in the index found.
pub(crate) struct Nearest {
    /// The keys, nearest first.
    pub keys: Vec<i64>,
    edition: u64,
}

impl VectorIndex {
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many rows it knows.
    pub fn len(&self) -> usize {
        self.read().codes.len()
    }

    pub fn mark(&self) -> i64 {
        self.read().mark
    }

    /// Everything before this write has been taken in.
    pub fn set_mark(&self, mark: i64) {
        self.write().mark = mark;
    }

    /// Takes in what was written.
    pub fn absorb(&self, news: impl IntoIterator<Item = (i64, SignCode)>) {
        let news: BTreeMap<i64, SignCode> = news.into_iter().collect();
        if news.is_empty() {
            return;
        }
        let mut entries = self.write();
        entries.edition += 1;
        let known = entries.codes.len();
        for (key, code) in news {
            match entries.codes[..known].binary_search_by_key(&key, |(k, _)| *k) {
                Ok(at) => entries.codes[at].1 = code,
                Err(_) => entries.codes.push((key, code)),
            }
        }
        // Two runs in order: the stable sort merges them.
        entries.codes.sort_by_key(|(key, _)| *key);
    }

    /// Drops keys that a search found and the database does not have, unless something was taken in
    /// since.
    pub fn forget(&self, gone: &HashSet<i64>, found: &Nearest) {
        if gone.is_empty() {
            return;
        }
        let mut entries = self.write();
        if entries.edition == found.edition {
            entries.codes.retain(|(key, _)| !gone.contains(key));
        }
    }

    /// The `count` keys whose codes are nearest.
    pub fn nearest(&self, code: &SignCode, count: usize) -> Nearest {
        let entries = self.read();
        let keys = nearest(entries.codes.iter(), code, count);
        Nearest { keys, edition: entries.edition }
    }

    /// The `count` keys among these whose codes are nearest.
    pub fn nearest_among(&self, among: &[i64], code: &SignCode, count: usize) -> Vec<i64> {
        let entries = self.read();
        let codes = among.iter().filter_map(|key| {
            let at = entries.codes.binary_search_by_key(key, |(k, _)| *k).ok()?;
            entries.codes.get(at)
        });
        nearest(codes, code, count)
    }
}

fn nearest<'a>(
    codes: impl Iterator<Item = &'a (i64, SignCode)>,
    code: &SignCode,
    count: usize,
) -> Vec<i64> {
    let mut heap: BinaryHeap<(u32, i64)> = BinaryHeap::with_capacity(count + 1);
    for (key, other) in codes {
        let distance = code.distance(other);
        if heap.len() < count {
            heap.push((distance, *key));
        } else if heap.peek().is_some_and(|(worst, _)| distance < *worst) {
            heap.pop();
            heap.push((distance, *key));
        }
    }
    heap.into_sorted_vec().into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bits: u64) -> SignCode {
        SignCode([bits, 0, 0, 0, 0, 0])
    }

    #[test]
    fn the_nearest_come_first_and_the_newest_code_counts() {
        let index = VectorIndex::default();
        index.absorb([(5, code(0b111)), (2, code(0b1)), (9, code(0b1111))]);
        index.absorb([(1, code(0)), (5, code(0b11)), (7, code(0b1_1111))]);
        assert_eq!(index.nearest(&code(0), 4).keys, [1, 2, 5, 9]);
        assert_eq!(index.nearest_among(&[9, 4, 5], &code(0), 4), [5, 9]);
        assert!(index.nearest(&code(0), 0).keys.is_empty());
    }

    #[test]
    fn what_came_after_a_search_is_not_forgotten() {
        let index = VectorIndex::default();
        index.absorb([(1, code(0)), (2, code(1))]);
        let found = index.nearest(&code(0), 9);
        index.absorb([(2, code(0))]);
        index.forget(&HashSet::from([1, 2]), &found);
        assert_eq!(index.nearest(&code(0), 9).keys, [1, 2]);
        let found = index.nearest(&code(0), 9);
        index.forget(&HashSet::from([1]), &found);
        assert_eq!(index.nearest(&code(0), 9).keys, [2]);
    }

    #[test]
    fn a_code_is_the_signs_and_nothing_else_is_one() {
        let mut numbers = vec![-0.5; DIMENSIONS];
        numbers[65] = 0.5;
        let code = sign_code(&Vector::normalised(numbers).unwrap());
        assert_eq!(code, SignCode([0, 2, 0, 0, 0, 0]));
        assert_eq!(SignCode::from_bytes(&code.to_bytes()), Some(code));
        assert_eq!(SignCode::from_bytes(&[0; 47]), None);
    }
}
