//! Reports of what other models or instructions would have decided.

use atc_core::{
    id::{ReplayId, UserId},
    page::{Page, PageRequest},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

use crate::{Result, Store, StoreError, Tx};

/// Where a report stands in the list.
pub type ReplayPosition = i64;

/// Reports, seen through a connection or a transaction.
pub struct Replays<'a, C>(&'a C);

impl Store {
    /// Reports of what others would have decided.
    #[must_use]
    pub fn replays(&self) -> Replays<'_, DatabaseConnection> {
        Replays(self.reader())
    }
}

impl Tx {
    /// Reports of what others would have decided.
    #[must_use]
    pub fn replays(&self) -> Replays<'_, DatabaseTransaction> {
        Replays(&self.inner)
    }
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReplay {
    /// Its identity.
    pub id: ReplayId,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: UserId,
    /// What was asked for, as JSON.
    pub request: String,
    /// The report, as JSON; `None` while it is made.
    pub report: Option<String>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    number: i64,
    id: Uuid,
    created_at: DateTime<Utc>,
    created_by: Uuid,
    request: String,
    report: Option<String>,
    finished_at: Option<DateTime<Utc>>,
}

const SELECT: &str =
    "SELECT number, id, created_at, created_by, request, report, finished_at FROM ai_replays";

impl<C: ConnectionTrait> Replays<'_, C> {
    /// Reports, newest first.
    pub async fn list(
        &self,
        page: PageRequest<ReplayPosition>,
    ) -> Result<Page<StoredReplay, ReplayPosition>> {
        let total = if page.include_total {
            let sql = "SELECT count(*) FROM ai_replays";
            let row = self.0.query_one_raw(self.statement(sql, Vec::new())).await?;
            let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
            Some(u64::try_from(count).unwrap_or(0))
        } else {
            None
        };
        let after = page.after.unwrap_or(i64::MAX);
        let sql = format!("{SELECT} WHERE number < $1 ORDER BY number DESC LIMIT $2");
        let values = vec![after.into(), (page.limit.get() + 1).into()];
        let rows = Row::find_by_statement(self.statement(&sql, values)).all(self.0).await?;
        let page = Page::from_surplus(rows, page.limit, |row| row.number).with_total(total);
        Ok(page.map(stored))
    }

    /// One report.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there.
    pub async fn get(&self, id: ReplayId) -> Result<StoredReplay> {
        let statement = self.statement(&format!("{SELECT} WHERE id = $1"), vec![id.0.into()]);
        let row = Row::find_by_statement(statement).one(self.0).await?;
        row.map(stored).ok_or(StoreError::NotFound("report"))
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

impl Replays<'_, DatabaseTransaction> {
    /// Notes that a report was asked for.
    pub async fn insert(&self, new: &StoredReplay) -> Result<()> {
        let sql = "INSERT INTO ai_replays (id, created_at, created_by, request) \
             VALUES ($1, $2, $3, $4)";
        let values = vec![
            new.id.0.into(),
            new.created_at.into(),
            new.created_by.0.into(),
            new.request.as_str().into(),
        ];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Keeps the report itself.
    pub async fn finish(&self, id: ReplayId, report: &str, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE ai_replays SET report = $2, finished_at = $3 WHERE id = $1";
        let values = vec![id.0.into(), report.into(), now.into()];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }
}

fn stored(row: Row) -> StoredReplay {
    StoredReplay {
        id: ReplayId(row.id),
        created_at: row.created_at,
        created_by: UserId(row.created_by),
        request: row.request,
        report: row.report,
        finished_at: row.finished_at,
    }
}
