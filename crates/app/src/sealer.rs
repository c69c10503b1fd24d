//! Seals what must not be read in the database.

use atc_core::{Error, Result, ports::Entropy};
use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};

/// Seals by ChaCha20-Poly1305 (RFC 8439), with a key of its own for each purpose (HKDF, RFC 5869). What is
/// sealed is bound to the row it stands in: moved to another one, it does not open.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    /// For one purpose.
    pub fn new(secret: &[u8], purpose: &'static [u8]) -> Self {
        let of_all = hkdf::Salt::new(hkdf::HKDF_SHA256, b"ai-tickets").extract(secret);
        let info = [purpose];
        let key = of_all
            .expand(&info, &CHACHA20_POLY1305)
            .unwrap_or_else(|_| unreachable!("an AEAD key is shorter than HKDF's limit"));
        Self(LessSafeKey::new(UnboundKey::from(key)))
    }

    /// Seals for the row that these bytes name.
    pub fn seal(&self, entropy: &dyn Entropy, row: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(row),
                &mut sealed,
            )
            .map_err(|_| Error::internal("sealing failed"))?;
        sealed.extend_from_slice(&nonce);
        Ok(sealed)
    }

    /// Opens what was sealed for that row.
    ///
    /// # Errors
    /// Internal, when it was sealed with another key or for another row.
    pub fn open(&self, row: &[u8], mut sealed: Vec<u8>) -> Result<Vec<u8>> {
        let unreadable =
            || Error::internal("something sealed in the database cannot be opened with this key");
        let at = sealed.len().checked_sub(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce =
            Nonce::try_assume_unique_for_key(&sealed.split_off(at)).map_err(|_| unreadable())?;
        let plain =
            self.0.open_in_place(nonce, Aad::from(row), &mut sealed).map_err(|_| unreadable())?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for (i, byte) in (0..).zip(buffer) {
                *byte = i;
            }
        }
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_row_only() {
        let sealer = Sealer::new(b"secret", b"one");
        let sealed = sealer.seal(&Counting, b"row 1", b"plain").unwrap();
        assert!(!sealed.windows(5).any(|w| w == b"plain"));
        assert_eq!(sealer.open(b"row 1", sealed.clone()).unwrap(), b"plain");
        sealer.open(b"row 2", sealed.clone()).unwrap_err();
        Sealer::new(b"secret", b"two").open(b"row 1", sealed.clone()).unwrap_err();
        Sealer::new(b"other", b"one").open(b"row 1", sealed.clone()).unwrap_err();
        sealer.open(b"row 1", sealed[1..].to_vec()).unwrap_err();
        sealer.open(b"row 1", Vec::new()).unwrap_err();
    }
}
