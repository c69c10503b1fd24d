//! Jobs: the table, the right to run one of them, and what administrators do with them.

mod attempt;
mod claim;
mod clock;
mod enqueue;
mod history;
mod manage;
mod read;
mod reap;
mod schedule;
mod workers;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, Value};

pub use claim::{Claim, ClaimedJob};
pub use history::AttemptCount;
pub use read::{JobFilter, JobPosition, QueueCount, QueueWait, StoredAttempt, StoredJob};
pub use workers::StoredWorker;

use crate::{Engine, Result, Store, StoreError, Tx, db::dialect};

/// Jobs, seen through a connection or a transaction.
pub struct Jobs<'a, C> {
    db: &'a C,
    engine: Engine,
}

impl Store {
    /// Jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs<'_, DatabaseConnection> {
        Jobs { db: self.reader(), engine: self.engine() }
    }
}

impl Tx {
    /// Jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs<'_, DatabaseTransaction> {
        Jobs { db: &self.inner, engine: self.engine }
    }
}

impl<C: ConnectionTrait> Jobs<'_, C> {
    /// The present by the clock that leases and schedules go by.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let row = self.db.query_one_raw(self.sql("SELECT {now}", [])).await?;
        let Some(row) = row else { return Err(StoreError::NotFound("clock")) };
        time("now", row.try_get_by_index(0)?)
    }

    /// A statement in which `{now}` stands for the present by the clock of the database.
    fn sql(&self, text: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        let text = text.replace("{now}", dialect::now_ms(self.engine));
        Statement::from_sql_and_values(self.db.get_database_backend(), text, values)
    }
}

/// How many rows a statement of a transaction changes.
impl Jobs<'_, DatabaseTransaction> {
    async fn change(&self, text: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        Ok(self.db.execute_raw(self.sql(text, values)).await?.rows_affected())
    }
}

fn time(what: &'static str, ms: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms).ok_or_else(|| StoreError::unreadable(what, ms))
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

fn small(what: &'static str, n: i32) -> Result<u16> {
    u16::try_from(n).map_err(|_| StoreError::unreadable(what, n))
}
