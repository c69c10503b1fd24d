//! Uploads that were announced and are not complete.

use atc_core::{
    file::{BlobKey, FileId, FileName, Sha256},
    id::{TicketNumber, UserId},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{Result, Store, StoreError, Tx};

/// Announced uploads, seen through a connection or a transaction.
pub struct Uploads<'a, C>(&'a C);

impl Store {
    /// Announced uploads.
    #[must_use]
    pub fn uploads(&self) -> Uploads<'_, DatabaseConnection> {
        Uploads(self.reader())
    }
}

impl Tx {
    /// Announced uploads.
    #[must_use]
    pub fn uploads(&self) -> Uploads<'_, DatabaseTransaction> {
        Uploads(&self.inner)
    }
}

/// An upload that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUpload {
    /// The identity of the file which it becomes.
    pub id: FileId,
    /// The label.
    pub filename: FileName,
    /// How many bytes are to come.
    pub size: u64,
    /// Their hash.
    pub sha256: Sha256,
    /// Where they come to lie.
    pub blob: BlobKey,
    /// How many bytes each part has, but the last.
    pub part_size: u64,
    /// What the store calls it, where clients send the parts there.
    pub store_upload: Option<String>,
    /// The ticket that the file shall be evidence of.
    pub ticket: Option<TicketNumber>,
    /// Who announced it.
    pub uploaded_by: UserId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when it must be complete.
    pub expires_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    filename: String,
    size: i64,
    sha256: String,
    blob: String,
    part_size: i64,
    store_upload: Option<String>,
    ticket_number: Option<i64>,
    uploaded_by: uuid::Uuid,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, filename, size, sha256, blob, part_size, store_upload, ticket_number, \
                       uploaded_by, created_at, expires_at";

impl<C: ConnectionTrait> Uploads<'_, C> {
    /// An upload of this person, if it is there.
    pub async fn find(&self, id: FileId, of: UserId) -> Result<Option<StoredUpload>> {
        let condition = "WHERE id = $1 AND uploaded_by = $2";
        Ok(self.select(condition, [id.0.into(), of.0.into()]).await?.pop())
    }

    /// An upload, whoever announced it, if it is there.
    pub async fn find_any(&self, id: FileId) -> Result<Option<StoredUpload>> {
        Ok(self.select("WHERE id = $1", [id.0.into()]).await?.pop())
    }

    /// Uploads that should have been complete before this moment, at most `limit`.
    pub async fn expired(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<StoredUpload>> {
        let condition = "WHERE expires_at < $1 ORDER BY expires_at LIMIT $2";
        self.select(condition, [before.into(), limit.into()]).await
    }

    async fn select<const N: usize>(
        &self,
        condition: &str,
        values: [Value; N],
    ) -> Result<Vec<StoredUpload>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            format!("SELECT {COLUMNS} FROM uploads {condition}"),
            values,
        );
        let rows = Row::find_by_statement(statement).all(self.0).await?;
        rows.into_iter().map(upload).collect()
    }
}

impl Uploads<'_, DatabaseTransaction> {
    /// Writes an upload down.
    pub async fn insert(&self, new: &StoredUpload) -> Result<()> {
        let number = |n: u64| i64::try_from(n).map_err(|e| StoreError::unreadable("uploads", e));
        self.execute(
            "INSERT INTO uploads (id, filename, size, sha256, blob, part_size, store_upload, \
             ticket_number, uploaded_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                new.id.0.into(),
                new.filename.as_str().into(),
                number(new.size)?.into(),
                new.sha256.to_string().into(),
                new.blob.as_str().into(),
                number(new.part_size)?.into(),
                new.store_upload.clone().into(),
                new.ticket.map(|n| n.0).into(),
                new.uploaded_by.0.into(),
                new.created_at.into(),
                new.expires_at.into(),
            ],
        )
        .await
        .map(drop)
    }

    /// Takes an upload to complete it; `false` when somebody else has done so since `stale`, or it is gone.
    pub async fn claim(
        &self,
        id: FileId,
        now: DateTime<Utc>,
        stale: DateTime<Utc>,
    ) -> Result<bool> {
        let query = "UPDATE uploads SET claimed_at = $2 \
                     WHERE id = $1 AND (claimed_at IS NULL OR claimed_at < $3)";
        Ok(self.execute(query, [id.0.into(), now.into(), stale.into()]).await? == 1)
    }

    /// Gives it back: whoever announced it may try again.
    pub async fn release(&self, id: FileId) -> Result<()> {
        let query = "UPDATE uploads SET claimed_at = NULL WHERE id = $1";
        self.execute(query, [id.0.into()]).await.map(drop)
    }

    /// Forgets an upload; `false` when it was gone already. Its parts are the caller's business.
    pub async fn delete(&self, id: FileId) -> Result<bool> {
        Ok(self.execute("DELETE FROM uploads WHERE id = $1", [id.0.into()]).await? == 1)
    }

    async fn execute<const N: usize>(&self, query: &str, values: [Value; N]) -> Result<u64> {
        let backend = self.0.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, query, values);
        Ok(self.0.execute_raw(statement).await?.rows_affected())
    }
}

fn upload(row: Row) -> Result<StoredUpload> {
    let number = |n: i64| u64::try_from(n).map_err(|e| StoreError::unreadable("uploads", e));
    Ok(StoredUpload {
        id: FileId(row.id),
        filename: FileName::label(&row.filename),
        size: number(row.size)?,
        sha256: Sha256::parse(&row.sha256)
            .ok_or_else(|| StoreError::unreadable("uploads.sha256", &row.sha256))?,
        blob: BlobKey::parse(&row.blob)
            .ok_or_else(|| StoreError::unreadable("uploads.blob", &row.blob))?,
        part_size: number(row.part_size)?,
        store_upload: row.store_upload,
        ticket: row.ticket_number.map(TicketNumber),
        uploaded_by: UserId(row.uploaded_by),
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}
