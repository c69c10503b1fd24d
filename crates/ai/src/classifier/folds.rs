//! Which texts are held out together.

/// A generator of which only the sequence matters: the same labels give the same model everywhere
/// (Marsaglia, "Xorshift RNGs", 2003).
pub(super) struct Sequence(u64);

impl Sequence {
    pub const fn new() -> Self {
        Self(88_172_645_463_325_252)
    }

    /// A number below `n`.
    #[expect(clippy::cast_possible_truncation, reason = "a remainder below n")]
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in 0..items.len().saturating_sub(1) {
            let j = i + self.below(items.len() - i);
            items.swap(i, j);
        }
    }
}

/// How many folds so many texts are worth: the fewer there are, the more each is needed for training.
pub(super) fn count(texts: usize) -> usize {
    match texts {
        0..=500 => 10,
        501..=3_000 => 5,
        _ => 3,
    }
}

/// Deals the texts of each class to the folds in turn, so that each fold has its share of each class.
pub(super) fn deal(classes: &[usize], class_count: usize, folds: usize) -> Vec<usize> {
    let mut sequence = Sequence::new();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); class_count];
    for (i, class) in classes.iter().enumerate() {
        members[*class].push(i);
    }
    let mut dealt = vec![0; classes.len()];
    let mut next = 0;
    for group in &mut members {
        sequence.shuffle(group);
        for i in group {
            dealt[*i] = next % folds;
            next += 1;
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fold_has_its_share_of_each_class() {
        let classes: Vec<usize> = (0..100).map(|i| usize::from(i % 4 == 0)).collect();
        let folds = deal(&classes, 2, 5);
        for fold in 0..5 {
            let held: Vec<_> = (0..100).filter(|i| folds[*i] == fold).collect();
            assert_eq!(held.len(), 20);
            assert_eq!(held.iter().filter(|i| classes[**i] == 1).count(), 5);
        }
        assert_eq!(folds, deal(&classes, 2, 5), "the same every time");
    }
}
