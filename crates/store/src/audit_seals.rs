//! Seals over the audit trail, and its entries as they are sealed.

use atc_core::audit::{AuditRecord, AuditSeal};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryResult, Statement, Value,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    Result, Store, StoreError, Tx,
    db::{Engine, dialect},
};

const RECORD: &str = "SELECT sequence, id, ticket_number, kind, actor_id, changes, internal, request_id, at \
     FROM ticket_events";

/// Seals, seen through a connection or a transaction.
pub struct AuditSeals<'a, C> {
    db: &'a C,
    engine: Engine,
}

impl Store {
    /// Seals over the audit trail.
    #[must_use]
    pub fn audit_seals(&self) -> AuditSeals<'_, DatabaseConnection> {
        AuditSeals { db: self.reader(), engine: self.engine() }
    }
}

impl Tx {
    /// Seals over the audit trail.
    #[must_use]
    pub fn audit_seals(&self) -> AuditSeals<'_, DatabaseTransaction> {
        AuditSeals { db: &self.inner, engine: self.engine }
    }
}

impl<C: ConnectionTrait> AuditSeals<'_, C> {
    /// The newest seal.
    pub async fn last(&self) -> Result<Option<AuditSeal>> {
        let sql = "SELECT number, entries, hash, at FROM audit_seals ORDER BY number DESC LIMIT 1";
        self.db.query_one_raw(self.sql(sql, [])).await?.as_ref().map(seal).transpose()
    }

    /// Seals beyond `after`, in their order, at most `limit`.
    pub async fn after(&self, after: i64, limit: u64) -> Result<Vec<AuditSeal>> {
        let sql = "SELECT number, entries, hash, at FROM audit_seals WHERE number > $1 \
             ORDER BY number LIMIT $2";
        let rows = self.db.query_all_raw(self.sql(sql, [after.into(), limit.into()])).await?;
        rows.iter().map(seal).collect()
    }

    /// The entries that a seal holds, in the order in which it holds them.
    pub async fn records_of(&self, number: i64) -> Result<Vec<AuditRecord>> {
        let sql = format!("{RECORD} WHERE seal_number = $1 ORDER BY sequence");
        let rows = self.db.query_all_raw(self.sql(&sql, [number.into()])).await?;
        rows.iter().map(record).collect()
    }

    /// Entries beyond `after` that no seal holds yet, in the order of writing, at most `limit`.
    pub async fn unsealed(&self, after: i64, limit: u64) -> Result<Vec<AuditRecord>> {
        let sql = format!(
            "{RECORD} WHERE seal_number IS NULL AND sequence > $1 ORDER BY sequence LIMIT $2"
        );
        let rows = self.db.query_all_raw(self.sql(&sql, [after.into(), limit.into()])).await?;
        rows.iter().map(record).collect()
    }

    /// How many entries name a seal that is not there.
    pub async fn orphans(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM ticket_events WHERE seal_number IS NOT NULL \
             AND seal_number NOT IN (SELECT number FROM audit_seals)";
        let row = self.db.query_one_raw(self.sql(sql, [])).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn sql<const N: usize>(&self, sql: &str, values: [Value; N]) -> Statement {
        Statement::from_sql_and_values(self.db.get_database_backend(), sql, values)
    }
}

impl AuditSeals<'_, DatabaseTransaction> {
    /// Puts a seal over these entries.
    ///
    /// # Errors
    /// Taken, when somebody else put a seal of this number; unreadable, when somebody else sealed one of
    /// the entries.
    pub async fn put(&self, seal: &AuditSeal, records: &[AuditRecord]) -> Result<()> {
        let sql = "INSERT INTO audit_seals (number, entries, hash, at) VALUES ($1, $2, $3, $4)";
        let entries = i32::try_from(seal.entries).unwrap_or(i32::MAX);
        let values =
            [seal.number.into(), entries.into(), seal.hash.to_vec().into(), seal.at.into()];
        self.db.execute_raw(self.sql(sql, values)).await?;
        let sequences: Vec<i64> = records.iter().map(|record| record.sequence).collect();
        let mut update = Query::update();
        update
            .table("ticket_events")
            .value("seal_number", seal.number)
            .and_where(Expr::col("seal_number").is_null())
            .and_where(dialect::is_one_of(self.engine, "sequence", &sequences));
        let sealed = self.db.execute(&update).await?.rows_affected();
        if sealed == sequences.len() as u64 {
            return Ok(());
        }
        Err(StoreError::unreadable("ticket_events.seal_number", "sealed by somebody else"))
    }
}

fn seal(row: &QueryResult) -> Result<AuditSeal> {
    let hash: Vec<u8> = row.try_get("", "hash")?;
    let entries: i32 = row.try_get("", "entries")?;
    Ok(AuditSeal {
        number: row.try_get("", "number")?,
        entries: u32::try_from(entries).unwrap_or(0),
        hash: hash.try_into().map_err(|_| StoreError::unreadable("audit_seals.hash", "length"))?,
        at: row.try_get("", "at")?,
    })
}

fn record(row: &QueryResult) -> Result<AuditRecord> {
    Ok(AuditRecord {
        sequence: row.try_get("", "sequence")?,
        id: row.try_get("", "id")?,
        ticket: row.try_get("", "ticket_number")?,
        kind: row.try_get("", "kind")?,
        actor: row.try_get("", "actor_id")?,
        changes: row.try_get("", "changes")?,
        internal: row.try_get("", "internal")?,
        request_id: row.try_get("", "request_id")?,
        at: row.try_get("", "at")?,
    })
}
