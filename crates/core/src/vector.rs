//! Embeddings: the meaning of a text as a point on the unit sphere.

/// How many numbers an embedding has (all-MiniLM-L6-v2).
pub const DIMENSIONS: usize = 384;

/// An embedding of unit length.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector(Box<[f32]>);

impl Vector {
    /// Bytes of the stored form: a scale, then one signed byte a dimension.
    pub const STORED_BYTES: usize = 4 + DIMENSIONS;

    /// Scales the numbers to unit length. `None` unless there are [`DIMENSIONS`] finite numbers,
    /// not all zero.
    #[must_use]
    pub fn normalised(mut numbers: Vec<f32>) -> Option<Self> {
        let norm = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        if numbers.len() != DIMENSIONS || !norm.is_finite() || norm == 0.0 {
            return None;
        }
        for x in &mut numbers {
            *x /= norm;
        }
        Some(Self(numbers.into_boxed_slice()))
    }

    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// Cosine of the angle to another, −1 to 1.
    #[must_use]
    pub fn cosine(&self, other: &Vector) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// The stored form: each number as a signed byte under a common scale, which moves a cosine by
    /// less than 0.01 and takes a quarter of the space.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let peak = self.0.iter().fold(f32::MIN_POSITIVE, |m, x| m.max(x.abs()));
        let scale = peak / 127.0;
        let mut bytes = Vec::with_capacity(Self::STORED_BYTES);
        bytes.extend_from_slice(&scale.to_le_bytes());
        // Rounding a number within ±peak over peak/127 stays within ±127.
        #[expect(clippy::cast_possible_truncation)]
        bytes.extend(self.0.iter().map(|x| ((x / scale).round() as i8).cast_unsigned()));
        bytes
    }

    /// Reads the stored form; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (scale, rest) = bytes.split_first_chunk::<4>()?;
        let scale = f32::from_le_bytes(*scale);
        Self::normalised(rest.iter().map(|b| f32::from(b.cast_signed()) * scale).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_stored_form_keeps_the_direction(
            numbers in prop::collection::vec(-1.0f32..1.0, DIMENSIONS)
        ) {
            let Some(v) = Vector::normalised(numbers) else { return Ok(()) };
            let bytes = v.to_bytes();
            prop_assert_eq!(bytes.len(), Vector::STORED_BYTES);
            let back = Vector::from_bytes(&bytes).unwrap();
            prop_assert!(v.cosine(&back) > 0.9995);
        }

        #[test]
        fn foreign_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..800)) {
            let _ = Vector::from_bytes(&bytes);
        }
    }

    #[test]
    fn only_whole_finite_vectors_are_taken() {
        assert!(Vector::normalised(vec![0.0; DIMENSIONS]).is_none());
        assert!(Vector::normalised(vec![1.0; 3]).is_none());
        assert!(Vector::normalised(vec![f32::NAN; DIMENSIONS]).is_none());
    }
}
