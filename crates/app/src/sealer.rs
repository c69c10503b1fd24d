//! Seals what must not be read in the database.

use std::slice;

use atc_core::{Error, Result, ports::Entropy};
use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};

use crate::Keys;

/// How everything begins that is sealed in this form. What was sealed before it has no such beginning.
const FORM: &[u8; 4] = b"ATE1";
const KEY_ID_LEN: usize = 8;
const DATA_KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;
const WRAPPED_LEN: usize = NONCE_LEN + DATA_KEY_LEN + TAG_LEN;

/// Seals in envelopes: each thing with a data key of its own by ChaCha20-Poly1305 (RFC 8439), and the data
/// key with a key of this installation, made for one purpose by HKDF (RFC 5869). Both are bound to the row
/// they stand in: moved to another one, they do not open. When the installation's key changes, only the data
/// key is sealed anew.
///
/// An envelope: the form, the id of the key, nonce and sealed data key, nonce and sealed thing.
pub(crate) struct Sealer {
    current: WrappingKey,
    others: Vec<WrappingKey>,
}

/// A key of this installation, for one purpose.
struct WrappingKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

/// The parts of an envelope.
struct Envelope<'a> {
    key_id: &'a [u8],
    wrapped: &'a [u8],
    sealed: &'a [u8],
}

impl Sealer {
    /// For one purpose.
    pub fn new(keys: &Keys, purpose: &'static [u8]) -> Self {
        let others = keys.other_encryption_bytes();
        Self {
            current: WrappingKey::new(keys.encryption_bytes(), purpose),
            others: others.map(|secret| WrappingKey::new(secret, purpose)).collect(),
        }
    }

    /// Seals for the row that these bytes name.
    pub fn seal(&self, entropy: &dyn Entropy, row: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut data_key = [0; DATA_KEY_LEN];
        entropy.fill(&mut data_key);
        let sealed = seal_with(&data_key_of(&data_key)?, entropy, row, plain)?;
        self.wrap(entropy, row, &data_key, &sealed)
    }

    /// Opens what was sealed for that row.
    ///
    /// # Errors
    /// Internal, when it was sealed with another key or for another row.
    pub fn open(&self, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let opened = match Envelope::of(sealed) {
            Some(envelope) => {
                let data_key = data_key_of(&self.data_key(row, &envelope)?)?;
                open_with(&data_key, row, envelope.sealed)
            }
            None => self.keys().find_map(|key| open_with(&key.key, row, sealed)),
        };
        opened.ok_or_else(unreadable)
    }

    /// The same under the current key; `None` where it is under it already.
    ///
    /// # Errors
    /// Internal, when none of the keys opens it.
    pub fn reseal(
        &self,
        entropy: &dyn Entropy,
        row: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let Some(envelope) = Envelope::of(sealed) else {
            let plain = self.open(row, sealed)?;
            return self.seal(entropy, row, &plain).map(Some);
        };
        let data_key = self.data_key(row, &envelope)?;
        if envelope.key_id == self.current.id {
            return Ok(None);
        }
        self.wrap(entropy, row, &data_key, envelope.sealed).map(Some)
    }

    fn keys(&self) -> impl Iterator<Item = &WrappingKey> {
        slice::from_ref(&self.current).iter().chain(&self.others)
    }

    fn data_key(&self, row: &[u8], envelope: &Envelope<'_>) -> Result<Vec<u8>> {
        let key = self.keys().find(|key| key.id == envelope.key_id).ok_or_else(unreadable)?;
        open_with(&key.key, row, envelope.wrapped).ok_or_else(unreadable)
    }

    fn wrap(
        &self,
        entropy: &dyn Entropy,
        row: &[u8],
        data_key: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let wrapped = seal_with(&self.current.key, entropy, row, data_key)?;
        Ok([FORM.as_slice(), &self.current.id, &wrapped, sealed].concat())
    }
}

impl WrappingKey {
    fn new(secret: &[u8], purpose: &'static [u8]) -> Self {
        let of_all = hkdf::Salt::new(hkdf::HKDF_SHA256, b"ai-tickets").extract(secret);
        let (info, id_info) = ([purpose], [purpose, b" id"]);
        let key = of_all
            .expand(&info, &CHACHA20_POLY1305)
            .unwrap_or_else(|_| unreachable!("an AEAD key is shorter than HKDF's limit"));
        let mut whole = [0; 32];
        of_all
            .expand(&id_info, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut whole))
            .unwrap_or_else(|_| unreachable!("a hash is shorter than HKDF's limit"));
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&whole[..KEY_ID_LEN]);
        Self { id, key: LessSafeKey::new(UnboundKey::from(key)) }
    }
}

impl<'a> Envelope<'a> {
    /// The parts; `None` where this is none.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (key_id, rest) = bytes.strip_prefix(FORM)?.split_at_checked(KEY_ID_LEN)?;
        let (wrapped, sealed) = rest.split_at_checked(WRAPPED_LEN)?;
        Some(Self { key_id, wrapped, sealed })
    }
}

fn data_key_of(bytes: &[u8]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).map_err(|_| unreadable())?;
    Ok(LessSafeKey::new(key))
}

/// The sealed text, its tag, and the nonce.
fn seal_with(
    key: &LessSafeKey,
    entropy: &dyn Entropy,
    row: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(row), &mut sealed)
        .map_err(|_| Error::internal("sealing failed"))?;
    sealed.extend_from_slice(&nonce);
    Ok(sealed)
}

fn open_with(key: &LessSafeKey, row: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (text, nonce) = sealed.split_at_checked(sealed.len().checked_sub(NONCE_LEN)?)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    key.open_in_place(nonce, Aad::from(row), &mut text).ok().map(|plain| plain.to_vec())
}

fn unreadable() -> Error {
    Error::internal("something sealed in the database cannot be opened with these keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretSlice;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for (i, byte) in (0..).zip(buffer) {
                *byte = i;
            }
        }
    }

    fn sealer(current: &[u8], others: &[&[u8]], purpose: &'static [u8]) -> Sealer {
        let secret = |bytes: &[u8]| SecretSlice::from(bytes.to_vec());
        let keys = Keys {
            jwt: secret(b""),
            encryption: secret(current),
            other_encryption: others.iter().map(|bytes| secret(bytes)).collect(),
        };
        Sealer::new(&keys, purpose)
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_row_only() {
        let one = sealer(b"secret", &[], b"one");
        let sealed = one.seal(&Counting, b"row 1", b"plain").unwrap();
        assert!(!sealed.windows(5).any(|w| w == b"plain"));
        assert_eq!(one.open(b"row 1", &sealed).unwrap(), b"plain");
        one.open(b"row 2", &sealed).unwrap_err();
        sealer(b"secret", &[], b"two").open(b"row 1", &sealed).unwrap_err();
        sealer(b"other", &[], b"one").open(b"row 1", &sealed).unwrap_err();
        for cut in 0..sealed.len() {
            one.open(b"row 1", &sealed[..cut]).unwrap_err();
        }
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            one.open(b"row 1", &flipped).unwrap_err();
        }
    }

    #[test]
    fn a_new_key_takes_over_what_the_old_one_sealed() {
        let old = sealer(b"old", &[], b"one");
        let both = sealer(b"new", &[b"old"], b"one");
        let new = sealer(b"new", &[], b"one");
        let sealed = old.seal(&Counting, b"row 1", b"plain").unwrap();
        assert_eq!(both.open(b"row 1", &sealed).unwrap(), b"plain");
        new.reseal(&Counting, b"row 1", &sealed).unwrap_err();
        both.reseal(&Counting, b"row 2", &sealed).unwrap_err();
        let resealed = both.reseal(&Counting, b"row 1", &sealed).unwrap().unwrap();
        assert_eq!(new.open(b"row 1", &resealed).unwrap(), b"plain");
        old.open(b"row 1", &resealed).unwrap_err();
        assert_eq!(both.reseal(&Counting, b"row 1", &resealed).unwrap(), None);
        // What older versions sealed, without an envelope.
        let bare = seal_with(&old.current.key, &Counting, b"row 1", b"plain").unwrap();
        assert_eq!(old.open(b"row 1", &bare).unwrap(), b"plain");
        let resealed = both.reseal(&Counting, b"row 1", &bare).unwrap().unwrap();
        assert_eq!(new.open(b"row 1", &resealed).unwrap(), b"plain");
    }
}
