//! Refresh tokens: which family, which generation, and a proof that we made it. Only the newest
//! generation serves; the database keeps no secret that could be stolen from it.

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

const TAG_BYTES: usize = 32;
const TOKEN_BYTES: usize = 16 + 8 + TAG_BYTES;

/// Makes and reads refresh tokens of one kind.
pub(crate) struct RefreshTokens {
    key: hmac::Key,
    /// How they begin.
    prefix: &'static str,
    /// Mixed into the proof, so that no kind is taken for another.
    label: &'static [u8],
}

/// What a refresh token says of itself, not proven yet.
pub(crate) struct RefreshClaim {
    /// The login or the grant that it is of.
    pub family: Uuid,
    pub generation: i64,
    tag: [u8; TAG_BYTES],
}

impl RefreshTokens {
    /// Those of logins.
    pub fn of_sessions(secret: &[u8]) -> Self {
        Self { key: key(secret), prefix: "atr_", label: b"refresh-token" }
    }

    /// Those of grants.
    pub fn of_grants(secret: &[u8]) -> Self {
        Self { key: key(secret), prefix: "atg_", label: b"grant-refresh-token" }
    }

    /// The token of a family's generation: always the same one.
    pub fn issue(&self, family: Uuid, nonce: &[u8; 16], generation: i64) -> String {
        let tag = hmac::sign(&self.key, &self.message(family, nonce, generation));
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend_from_slice(family.as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(tag.as_ref());
        format!("{}{}", self.prefix, BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Takes a token apart; `None` when it has not even the form of one.
    pub fn parse(&self, token: &str) -> Option<RefreshClaim> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix(self.prefix)?).ok()?;
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<8>()?;
        Some(RefreshClaim {
            family: Uuid::from_bytes(*family),
            generation: i64::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    /// Whether we made this token for the family with this nonce.
    pub fn proves(&self, claim: &RefreshClaim, nonce: &[u8; 16]) -> bool {
        let message = self.message(claim.family, nonce, claim.generation);
        hmac::verify(&self.key, &message, &claim.tag).is_ok()
    }

    fn message(&self, family: Uuid, nonce: &[u8; 16], generation: i64) -> Vec<u8> {
        [self.label, family.as_bytes(), nonce, &generation.to_be_bytes()].concat()
    }
}

fn key(secret: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_of_token_is_taken_for_another() {
        let (sessions, grants) =
            (RefreshTokens::of_sessions(b"secret"), RefreshTokens::of_grants(b"secret"));
        let (family, nonce) = (Uuid::from_u128(7), [3; 16]);
        let token = grants.issue(family, &nonce, 5);
        let claim = grants.parse(&token).unwrap();
        assert_eq!((claim.family, claim.generation), (family, 5));
        assert!(grants.proves(&claim, &nonce) && !grants.proves(&claim, &[4; 16]));
        assert!(sessions.parse(&token).is_none());
        let disguised = token.replacen("atg_", "atr_", 1);
        let claim = sessions.parse(&disguised).unwrap();
        assert!(!sessions.proves(&claim, &nonce));
    }
}
