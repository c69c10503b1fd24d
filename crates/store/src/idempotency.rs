//! Answers kept under the client's `Idempotency-Key`.

use atc_core::idempotency::{IdempotencyKey, StoredAnswer};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement,
};
use uuid::Uuid;

use crate::{Result, Store, StoreError, Tx};

/// Kept answers, seen through a connection or a transaction.
pub struct Idempotency<'a, C>(&'a C);

impl Store {
    /// Kept answers.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency<'_, DatabaseConnection> {
        Idempotency(self.reader())
    }
}

impl Tx {
    /// Kept answers.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency<'_, DatabaseTransaction> {
        Idempotency(&self.inner)
    }
}

#[derive(FromQueryResult)]
struct AnswerRow {
    fingerprint: Vec<u8>,
    status: i16,
    headers: String,
    body: Vec<u8>,
}

impl<C: ConnectionTrait> Idempotency<'_, C> {
    /// The answer kept under a key since `not_before`, with the fingerprint of its request.
    pub async fn find(
        &self,
        key: &IdempotencyKey,
        not_before: DateTime<Utc>,
    ) -> Result<Option<([u8; 32], StoredAnswer)>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "SELECT fingerprint, status, headers, body FROM idempotency_keys \
             WHERE caller_id = $1 AND key = $2 AND created_at >= $3",
            [caller(key).into(), key.key.clone().into(), not_before.into()],
        );
        let Some(row) = AnswerRow::find_by_statement(statement).one(self.0).await? else {
            return Ok(None);
        };
        let fingerprint = row
            .fingerprint
            .try_into()
            .map_err(|_| StoreError::unreadable("idempotency_keys.fingerprint", "wrong length"))?;
        let answer = StoredAnswer {
            status: u16::try_from(row.status)
                .map_err(|e| StoreError::unreadable("idempotency_keys.status", e))?,
            headers: serde_json::from_str(&row.headers)
                .map_err(|e| StoreError::unreadable("idempotency_keys.headers", e))?,
            body: row.body,
        };
        Ok(Some((fingerprint, answer)))
    }
}

impl Idempotency<'_, DatabaseTransaction> {
    /// Claims a key for this transaction, unless it was claimed since `not_before`. On PostgreSQL
    /// this waits for another transaction that claims the same key. `false`: the key is taken, its
    /// answer can be read.
    pub async fn claim(
        &self,
        key: &IdempotencyKey,
        now: DateTime<Utc>,
        not_before: DateTime<Utc>,
    ) -> Result<bool> {
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "DELETE FROM idempotency_keys \
                 WHERE caller_id = $1 AND key = $2 AND created_at < $3",
                [caller(key).into(), key.key.clone().into(), not_before.into()],
            ))
            .await?;
        let result = self
            .0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "INSERT INTO idempotency_keys \
                 (caller_id, key, fingerprint, status, headers, body, created_at) \
                 VALUES ($1, $2, $3, 0, '[]', $4, $5) ON CONFLICT DO NOTHING",
                [
                    caller(key).into(),
                    key.key.clone().into(),
                    key.fingerprint.to_vec().into(),
                    Vec::<u8>::new().into(),
                    now.into(),
                ],
            ))
            .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Writes down the answer of a claimed key.
    pub async fn keep(&self, key: &IdempotencyKey, answer: &StoredAnswer) -> Result<()> {
        let headers = serde_json::to_string(&answer.headers)
            .map_err(|e| StoreError::unreadable("idempotency_keys.headers", e))?;
        let status = i16::try_from(answer.status)
            .map_err(|e| StoreError::unreadable("idempotency_keys.status", e))?;
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "UPDATE idempotency_keys SET status = $3, headers = $4, body = $5 \
                 WHERE caller_id = $1 AND key = $2",
                [
                    caller(key).into(),
                    key.key.clone().into(),
                    status.into(),
                    headers.into(),
                    answer.body.clone().into(),
                ],
            ))
            .await?;
        Ok(())
    }

    /// Forgets answers from before this moment. Answers how many.
    pub async fn delete_before(&self, before: DateTime<Utc>) -> Result<u64> {
        let result = self
            .0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "DELETE FROM idempotency_keys WHERE created_at < $1",
                [before.into()],
            ))
            .await?;
        Ok(result.rows_affected())
    }
}

fn caller(key: &IdempotencyKey) -> Uuid {
    key.caller.map_or(Uuid::nil(), |id| id.0)
}
