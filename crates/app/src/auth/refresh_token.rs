//! Refresh tokens: which session, which generation, and a proof that we made it. Only the newest
//! generation serves; the database keeps no secret that could be stolen from it.

use atc_core::id::SessionId;
use atc_store::Session as StoredSession;
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

const PREFIX: &str = "atr_";
const TAG_BYTES: usize = 32;
const TOKEN_BYTES: usize = 16 + 8 + TAG_BYTES;

/// Makes and reads refresh tokens.
pub(crate) struct RefreshTokens(hmac::Key);

/// What a refresh token says of itself, not proven yet.
pub(crate) struct RefreshClaim {
    pub session: SessionId,
    pub generation: i64,
    tag: [u8; TAG_BYTES],
}

impl RefreshTokens {
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token of a session's generation: always the same one.
    pub fn issue(&self, session: &StoredSession, generation: i64) -> String {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend_from_slice(session.id.0.as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(self.tag(session, generation).as_ref());
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Takes a token apart; `None` when it has not even the form of one.
    pub fn parse(token: &str) -> Option<RefreshClaim> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<8>()?;
        Some(RefreshClaim {
            session: SessionId(Uuid::from_bytes(*session)),
            generation: i64::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    /// Whether we made this token for this session.
    pub fn proves(&self, claim: &RefreshClaim, session: &StoredSession) -> bool {
        let message = message(session, claim.generation);
        hmac::verify(&self.0, &message, &claim.tag).is_ok()
    }

    fn tag(&self, session: &StoredSession, generation: i64) -> hmac::Tag {
        hmac::sign(&self.0, &message(session, generation))
    }
}

fn message(session: &StoredSession, generation: i64) -> Vec<u8> {
    [
        b"refresh-token".as_slice(),
        session.id.0.as_bytes(),
        &session.nonce,
        &generation.to_be_bytes(),
    ]
    .concat()
}
