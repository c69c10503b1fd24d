//! Nearest neighbours without an extension: the signs of every vector in memory, 48 bytes each, say
//! which rows are worth fetching; their exact vectors come from the database.
//!
//! A sign code is the corner of the hypercube that a vector points to, and the Hamming distance of
//! two codes grows with the angle between their vectors (Charikar, "Similarity estimation techniques
//! from rounding algorithms", STOC 2002). Here the dimensions themselves serve as hyperplanes.

use std::{
    collections::BinaryHeap,
    sync::{Mutex, PoisonError, RwLock},
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

/// The codes of all tickets. What it says is a hint: the database knows which tickets still exist.
pub(crate) struct VectorIndex {
    entries: RwLock<Vec<(i64, SignCode)>>,
    /// Up to which write the entries are complete; see `dialect::change_mark`.
    mark: Mutex<i64>,
}

impl VectorIndex {
    pub fn new() -> Self {
        Self { entries: RwLock::new(Vec::new()), mark: Mutex::new(0) }
    }

    pub fn mark(&self) -> i64 {
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was written since the last mark.
    pub fn absorb(&self, news: impl IntoIterator<Item = (i64, SignCode)>, mark: i64) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for (number, code) in news {
            match entries.binary_search_by_key(&number, |(n, _)| *n) {
                Ok(at) => entries[at].1 = code,
                Err(at) => entries.insert(at, (number, code)),
            }
        }
        drop(entries);
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = mark;
    }

    /// The numbers of the `count` nearest codes, nearest first.
    pub fn nearest(&self, code: &SignCode, count: usize) -> Vec<i64> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let mut heap: BinaryHeap<(u32, i64)> = BinaryHeap::with_capacity(count + 1);
        for (number, other) in entries.iter() {
            let distance = code.distance(other);
            if heap.len() < count {
                heap.push((distance, *number));
            } else if heap.peek().is_some_and(|(worst, _)| distance < *worst) {
                heap.pop();
                heap.push((distance, *number));
            }
        }
        heap.into_sorted_vec().into_iter().map(|(_, number)| number).collect()
    }

    pub fn len(&self) -> usize {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
