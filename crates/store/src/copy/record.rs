//! How far a copy is, kept in the target in the same transactions as the rows.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, Statement,
    sea_query::{Alias, Query},
};

use super::{catalogue::Table, cell::Cell, text::Text};
use crate::{Result, Store, StoreError, db::dialect};

/// How far a table is.
#[derive(Debug)]
pub(super) struct Record {
    name: String,
    /// The key of the last row that went over, as a JSON array.
    key: Option<String>,
    pub rows: u64,
    pub done: bool,
}

/// From where the unfinished copy in a database comes, if it holds one.
pub(super) async fn source(target: &Store) -> Result<Option<String>> {
    let db = target.reader();
    if db.query_one_raw(dialect::find_table(target.engine(), "copy_progress")).await?.is_none() {
        return Ok(None);
    }
    let query = "SELECT source FROM copy_progress LIMIT 1";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), query)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Begins a copy: the rows that the migrations brought go, and every table is at its beginning.
pub(super) async fn begin(target: &Store, source: &str, tables: &[Table]) -> Result<()> {
    let tx = target.begin().await?;
    let db = &tx.inner;
    for table in tables.iter().rev() {
        let mut delete = Query::delete();
        delete.from_table(Alias::new(&table.name));
        db.execute(&delete).await?;
    }
    db.execute_unprepared(
        "CREATE TABLE copy_progress (name text PRIMARY KEY, source text NOT NULL, last_key text, \
         copied bigint NOT NULL, done boolean NOT NULL)",
    )
    .await?;
    let texts = [Text::Tickets.name(), Text::Articles.name()];
    for name in tables.iter().map(|table| table.name.as_str()).chain(texts) {
        db.execute_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            "INSERT INTO copy_progress (name, source, copied, done) VALUES ($1, $2, 0, false)",
            [name.into(), source.into()],
        ))
        .await?;
    }
    tx.commit().await
}

/// Ends a copy.
pub(super) async fn forget(target: &Store) -> Result<()> {
    let tx = target.begin().await?;
    tx.inner.execute_unprepared("DROP TABLE copy_progress").await?;
    tx.commit().await
}

impl Record {
    pub(super) async fn of(target: &Store, name: &str) -> Result<Self> {
        let db = target.reader();
        let row = db
            .query_one_raw(Statement::from_sql_and_values(
                db.get_database_backend(),
                "SELECT last_key, copied, done FROM copy_progress WHERE name = $1",
                [name.into()],
            ))
            .await?
            .ok_or(StoreError::NotFound("record of the copy"))?;
        let rows: i64 = row.try_get_by_index(1)?;
        Ok(Self {
            name: name.to_owned(),
            key: row.try_get_by_index(0)?,
            rows: u64::try_from(rows).unwrap_or(0),
            done: row.try_get_by_index(2)?,
        })
    }

    /// The key after which to go on.
    pub(super) fn after(&self, table: &Table) -> Result<Option<Vec<Cell>>> {
        let Some(key) = &self.key else { return Ok(None) };
        let unreadable = |e| StoreError::unreadable("copy_progress.last_key", e);
        let parts: Vec<serde_json::Value> = serde_json::from_str(key).map_err(unreadable)?;
        let kinds = table.key.iter().filter_map(|index| table.columns.get(*index));
        let cells = kinds.zip(parts).map(|(column, part)| Cell::from_record(column.kind, part));
        Ok(Some(cells.collect::<Result<_, _>>().map_err(unreadable)?))
    }

    /// Counts a batch that was to have `limit` rows; with fewer, the table is done.
    pub(super) fn advance(&mut self, table: &Table, batch: &[Vec<Cell>], limit: usize) {
        let last = batch.last().map(|row| table.key_of(row));
        let key = last.map(|key| key.iter().map(Cell::to_record).collect());
        self.step(key.map(serde_json::Value::Array), batch.len(), limit);
    }

    /// The same with a key that is JSON already.
    pub(super) fn step(&mut self, key: Option<serde_json::Value>, rows: usize, limit: usize) {
        self.rows += rows as u64;
        self.done = rows < limit;
        if let Some(key) = key {
            self.key = Some(key.to_string());
        }
    }

    /// The number after which to go on, where the key is one.
    pub(super) fn number(&self) -> Result<i64> {
        let Some(key) = &self.key else { return Ok(i64::MIN) };
        key.parse().map_err(|_| StoreError::unreadable("copy_progress.last_key", key))
    }

    pub(super) async fn keep(&self, db: &DatabaseTransaction) -> Result<()> {
        db.execute_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            "UPDATE copy_progress SET last_key = $2, copied = $3, done = $4 WHERE name = $1",
            [
                self.name.as_str().into(),
                self.key.clone().into(),
                i64::try_from(self.rows).unwrap_or(i64::MAX).into(),
                self.done.into(),
            ],
        ))
        .await?;
        Ok(())
    }
}
