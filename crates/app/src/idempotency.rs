//! Doing a creation once, however often it is asked for.

use atc_core::{
    Error, ErrorCode, Result,
    idempotency::{IdempotencyKey, Outcome, Remember, StoredAnswer},
};
use atc_store::Tx;
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
            answer.body = self.answer_sealer.seal(
                self.entropy.as_ref(),
                &associated_data(key),
                &answer.body,
            )?;
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
        answer.body = self.answer_sealer.open(&associated_data(key), &answer.body)?;
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

fn associated_data(key: &IdempotencyKey) -> Vec<u8> {
    let caller = key.caller.map_or([0; 16], |id| id.0.into_bytes());
    [caller.as_slice(), key.key.as_bytes()].concat()
}
