//! Doing a creation once, however often it is asked for.

use atc_core::{
    Error, ErrorCode, Result,
    idempotency::{IdempotencyKey, Outcome, Remember, StoredAnswer},
};
use atc_store::Tx;
use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::App;

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

impl App {
    /// Does `create` in a transaction, unless the client's key was used before; then the first
    /// answer is given again. The answer is kept in the same transaction, so that neither exists
    /// without the other.
    pub(crate) async fn create_once<T>(
        &self,
        remember: Option<Remember<'_, T>>,
        now: DateTime<Utc>,
        create: impl AsyncFnOnce(&Tx) -> Result<T>,
    ) -> Result<Outcome<T>> {
        let tx = self.store.begin().await?;
        if let Some(Remember { key, .. }) = &remember
            && !tx.idempotency().claim(key, now, now - KEPT).await?
        {
            tx.rollback().await?;
            return match self.kept_answer(key, now).await? {
                Some(answer) => Ok(Outcome::Replayed(answer)),
                None => Err(Error::unavailable("The same request is under way; try again.", 1)),
            };
        }
        let created = create(&tx).await?;
        if let Some(Remember { key, render }) = &remember {
            let mut answer = render(&created);
            answer.body = self.sealer.seal(self, key, &answer.body)?;
            tx.idempotency().keep(key, &answer).await?;
        }
        tx.commit().await?;
        Ok(Outcome::Created(created))
    }

    /// The answer that was given under this key, where the request is the same. Asked before slow
    /// work begins, so that a repeat costs one look-up.
    ///
    /// # Errors
    /// [`ErrorCode::IdempotencyMismatch`] when the key belongs to another request.
    pub(crate) async fn kept_answer(
        &self,
        key: &IdempotencyKey,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredAnswer>> {
        let found = self.store.idempotency().find(key, now - KEPT).await?;
        let Some((fingerprint, mut answer)) = found else { return Ok(None) };
        if fingerprint != key.fingerprint {
            return Err(Error::new(
                ErrorCode::IdempotencyMismatch,
                "This Idempotency-Key was used with another request. Use a new key for a new one.",
            ));
        }
        answer.body = self.sealer.open(key, answer.body)?;
        Ok(Some(answer))
    }

    /// Forgets answers that are no longer promised.
    pub(crate) async fn forget_old_answers(&self) -> Result<u64> {
        let tx = self.store.begin().await?;
        let forgotten = tx.idempotency().delete_before(self.now() - KEPT).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// Seals kept answers: one may hold the secret of a token, which must not stand in the database.
/// ChaCha20-Poly1305 (RFC 8439), bound to caller and key.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    pub fn new(secret: &[u8]) -> Self {
        Self(LessSafeKey::new(derive(secret)))
    }

    fn seal(&self, app: &App, key: &IdempotencyKey, body: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        app.entropy.fill(&mut nonce);
        let mut sealed = body.to_vec();
        let aad = Aad::from(associated_data(key));
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| Error::internal("sealing failed"))?;
        sealed.extend_from_slice(&nonce);
        Ok(sealed)
    }

    fn open(&self, key: &IdempotencyKey, mut sealed: Vec<u8>) -> Result<Vec<u8>> {
        let unreadable = || Error::internal("a kept answer cannot be opened with this key");
        let at = sealed.len().checked_sub(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce =
            Nonce::try_assume_unique_for_key(&sealed.split_off(at)).map_err(|_| unreadable())?;
        let body = self
            .0
            .open_in_place(nonce, Aad::from(associated_data(key)), &mut sealed)
            .map_err(|_| unreadable())?;
        Ok(body.to_vec())
    }
}

fn derive(secret: &[u8]) -> UnboundKey {
    UnboundKey::from(
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"ai-tickets")
            .extract(secret)
            .expand(&[b"idempotency"], &CHACHA20_POLY1305)
            .unwrap_or_else(|_| unreachable!("an AEAD key is shorter than HKDF's limit")),
    )
}

fn associated_data(key: &IdempotencyKey) -> Vec<u8> {
    let caller = key.caller.map_or([0; 16], |id| id.0.into_bytes());
    [caller.as_slice(), key.key.as_bytes()].concat()
}
