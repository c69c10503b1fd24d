//! Which tables there are: read from a new database, so that a migration cannot be forgotten here.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::cell::{Cell, Kind};
use crate::{Result, StoreError};

/// What search keeps and is made anew, the counter of SQLite's writes, and the history of the
/// schema, which the migrations of the target have written.
pub(super) const NOT_COPIED: [&str; 6] = [
    "ticket_search",
    "ticket_terms",
    "article_search",
    "article_terms",
    "change_mark",
    "seaql_migrations",
];

/// Columns that number the writes of one database and mean nothing in another; there, 0 is before
/// everything.
const MARKS: [(&str, &str); 5] = [
    ("ticket_vectors", "changed_in"),
    ("article_passages", "changed_in"),
    ("events", "mark"),
    ("webhook_deliveries", "mark"),
    ("webhook_position", "mark"),
];

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// The places of the primary key's columns among them.
    pub key: Vec<usize>,
    /// The column whose numbers the database gives.
    pub numbered: Option<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
    /// See [`MARKS`].
    pub is_mark: bool,
}

impl Table {
    /// The primary key of a row.
    pub(super) fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        self.key.iter().filter_map(|index| row.get(*index)).cloned().collect()
    }
}

/// The tables of a SQLite database, those that others refer to first.
pub(super) async fn read(db: &DatabaseConnection) -> Result<Vec<Table>> {
    let query = "SELECT l.name, m.sql FROM pragma_table_list l \
                 JOIN sqlite_master m ON m.name = l.name \
                 WHERE l.schema = 'main' AND l.type = 'table' \
                 AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name";
    let mut left = Vec::new();
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await? {
        let name: String = row.try_get_by_index(0)?;
        let sql: String = row.try_get_by_index(1)?;
        if !NOT_COPIED.contains(&name.as_str()) {
            let references = references(db, &name).await?;
            let numbered = sql.to_ascii_uppercase().contains("AUTOINCREMENT");
            left.push((table(db, name, numbered).await?, references));
        }
    }
    in_order(left)
}

fn in_order(mut left: Vec<(Table, BTreeSet<String>)>) -> Result<Vec<Table>> {
    let mut ordered: Vec<Table> = Vec::new();
    while !left.is_empty() {
        let waits: BTreeSet<String> = left.iter().map(|(t, _)| t.name.clone()).collect();
        let (wait, ready): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(_, references)| !references.is_disjoint(&waits));
        if ready.is_empty() {
            return Err(StoreError::unreadable("order of the tables", "they refer in a circle"));
        }
        ordered.extend(ready.into_iter().map(|(table, _)| table));
        left = wait;
    }
    Ok(ordered)
}

async fn table(db: &DatabaseConnection, name: String, numbered: bool) -> Result<Table> {
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid",
            [name.as_str().into()],
        ))
        .await?;
    let mut columns = Vec::new();
    let mut key = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let column: String = row.try_get_by_index(0)?;
        let kind = Kind::declared(&row.try_get_by_index::<String>(1)?)?;
        let place: i32 = row.try_get_by_index(2)?;
        if place > 0 {
            key.push((place, index));
        }
        let is_mark = MARKS.contains(&(name.as_str(), column.as_str()));
        columns.push(Column { name: column, kind, is_mark });
    }
    if key.is_empty() {
        return Err(StoreError::unreadable("primary key of a table", name));
    }
    key.sort_unstable();
    let key: Vec<usize> = key.into_iter().map(|(_, index)| index).collect();
    let first = key.first().and_then(|index| columns.get(*index));
    let numbered = first.filter(|_| numbered).map(|column| column.name.clone());
    Ok(Table { name, columns, key, numbered })
}

/// The other tables that a table refers to.
async fn references(db: &DatabaseConnection, name: &str) -> Result<BTreeSet<String>> {
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            "SELECT \"table\" FROM pragma_foreign_key_list($1)",
            [name.into()],
        ))
        .await?;
    let mut names = BTreeSet::new();
    for row in rows {
        names.insert(row.try_get_by_index::<String>(0)?);
    }
    names.remove(name);
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[tokio::test]
    async fn no_table_comes_before_one_that_it_refers_to() {
        let db = Store::in_memory().await.unwrap();
        let tables = read(&db).await.unwrap();
        let mut seen = BTreeSet::new();
        for table in &tables {
            let references = references(&db, &table.name).await.unwrap();
            assert!(references.is_subset(&seen), "{}: {references:?}", table.name);
            seen.insert(table.name.clone());
        }
        assert!(seen.len() > 20, "{seen:?}");
    }

    #[tokio::test]
    async fn what_is_named_here_exists() {
        let db = Store::in_memory().await.unwrap();
        let tables = read(&db).await.unwrap();
        for (table, column) in MARKS {
            let found = tables.iter().find(|t| t.name == table).unwrap();
            assert!(found.columns.iter().any(|c| c.name == column && c.is_mark), "{table}");
        }
        for name in NOT_COPIED {
            db.execute_unprepared(&format!("SELECT 1 FROM {name}")).await.unwrap();
        }
    }
}
