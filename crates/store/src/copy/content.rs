//! What a table holds, in a form that both engines share.

use std::fmt::Write;

use sea_orm::{
    ConnectionTrait, DatabaseConnection,
    sea_query::{Alias, Asterisk, Expr, Func, Query},
};
use sha2::{Digest, Sha256};

use super::{
    Watch,
    catalogue::Table,
    cell::Cell,
    rows::{self, BatchSize},
};
use crate::{Result, Store, db::dialect};

/// The count of rows, and the sum of their SHA-256 in lanes of 64 bits. A sum, because the engines
/// sort text in different orders; it is proof against accidents, not against forgery.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub rows: u64,
    lanes: [u64; 4],
}

impl Content {
    pub(super) async fn read(
        table: &Table,
        db: &DatabaseConnection,
        watch: &dyn Watch,
    ) -> Result<Self> {
        let mut content = Self::default();
        let mut size = BatchSize::of(table);
        let mut after = None;
        loop {
            let batch = rows::read(table, db, after.as_deref(), size.rows()).await?;
            for row in &batch {
                content.add(table, row);
            }
            watch.advance(&table.name, batch.len() as u64);
            if batch.len() < size.rows() {
                return Ok(content);
            }
            size.learn(&batch);
            after = batch.last().map(|row| table.key_of(row));
        }
    }

    fn add(&mut self, table: &Table, row: &[Cell]) {
        let mut hash = Sha256::new();
        for (column, cell) in table.columns.iter().zip(row) {
            if !column.is_mark {
                cell.hash_into(&mut hash);
            }
        }
        let digest = hash.finalize();
        for (lane, bytes) in self.lanes.iter_mut().zip(digest.as_chunks::<8>().0) {
            *lane = lane.wrapping_add(u64::from_be_bytes(*bytes));
        }
        self.rows += 1;
    }

    /// 64 hexadecimal digits.
    pub(super) fn hash(&self) -> String {
        self.lanes.iter().fold(String::new(), |mut text, lane| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{lane:016x}");
            text
        })
    }
}

/// How many rows a table has.
pub(super) async fn count<C: ConnectionTrait>(table: &str, db: &C) -> Result<u64> {
    let mut query = Query::select();
    query.expr(Func::count(Expr::col(Asterisk))).from(Alias::new(table));
    let row = db.query_one(&query).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Whether a table is there and has rows.
pub(super) async fn has_rows(table: &str, store: &Store) -> Result<bool> {
    let db = store.reader();
    let there = db.query_one_raw(dialect::find_table(store.engine(), table)).await?.is_some();
    Ok(there && count(table, db).await? > 0)
}

/// Whether a table of a store holds what it holds in another database.
pub(super) async fn is_same(table: &Table, store: &Store, db: &DatabaseConnection) -> Result<bool> {
    Ok(count(&table.name, store.reader()).await? == count(&table.name, db).await?
        && Content::read(table, store.reader(), &Unwatched).await?
            == Content::read(table, db, &Unwatched).await?)
}

struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _: super::Phase, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
}
