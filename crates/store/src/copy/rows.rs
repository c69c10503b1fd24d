//! Reading and writing rows of any table, in batches that fit into memory.

use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Alias, Expr, ExprTrait, Order, Query},
};

use super::{
    catalogue::Table,
    cell::{Cell, Kind},
};
use crate::Result;

/// How many rows a batch has at most.
const MOST_ROWS: usize = 500;

/// How many values a statement has at most; SQLite takes 32,766.
const MOST_CELLS: usize = 15_000;

/// Batches grow below this and shrink above it, in bytes.
const AIM: usize = 1 << 20;

/// How many rows the next batch has, learnt from those before.
#[derive(Debug)]
pub(super) struct BatchSize {
    rows: usize,
    most: usize,
}

impl BatchSize {
    pub(super) fn of(table: &Table) -> Self {
        let most = (MOST_CELLS / table.columns.len().max(1)).clamp(1, MOST_ROWS);
        // Most rows are small; those that are large must not all come at once.
        Self { rows: most.min(16), most }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn learn(&mut self, batch: &[Vec<Cell>]) {
        let bytes: usize = batch.iter().flatten().map(Cell::size).sum();
        self.rows = if bytes > AIM { self.rows / 2 } else { self.rows * 2 }.clamp(1, self.most);
    }
}

/// The rows after a key, in the order of keys as the engine has it.
pub(super) async fn read<C: ConnectionTrait>(
    table: &Table,
    db: &C,
    after: Option<&[Cell]>,
    limit: usize,
) -> Result<Vec<Vec<Cell>>> {
    let mut query = Query::select();
    query.from(Alias::new(&table.name)).limit(limit as u64);
    for column in &table.columns {
        let value = Expr::col(Alias::new(&column.name));
        // PostgreSQL has integers of several widths.
        query.expr(match column.kind {
            Kind::Integer => value.cast_as(Alias::new("bigint")),
            _ => value,
        });
    }
    let key: Vec<_> = table
        .key
        .iter()
        .filter_map(|index| table.columns.get(*index))
        .map(|column| Alias::new(&column.name))
        .collect();
    for column in &key {
        query.order_by(column.clone(), Order::Asc);
    }
    if let Some(after) = after {
        let columns = Expr::tuple(key.into_iter().map(Expr::col));
        let values = Expr::tuple(after.iter().map(|cell| Expr::value(cell.value())));
        query.and_where(columns.gt(values));
    }
    let rows = db.query_all(&query).await?;
    let cells = rows.iter().map(|row| {
        let columns = table.columns.iter().enumerate();
        columns.map(|(index, column)| Cell::read(row, index, column.kind)).collect()
    });
    Ok(cells.collect::<Result<_, DbErr>>()?)
}

/// Writes rows as they are, but for the marks.
pub(super) async fn insert<C: ConnectionTrait>(
    table: &Table,
    db: &C,
    rows: &[Vec<Cell>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert();
    insert
        .into_table(Alias::new(&table.name))
        .columns(table.columns.iter().map(|column| Alias::new(&column.name)));
    for row in rows {
        let values = table.columns.iter().zip(row).map(|(column, cell)| {
            let cell = if column.is_mark { &Cell::Integer(0) } else { cell };
            Expr::value(cell.value())
        });
        insert.values(values).map_err(|e| DbErr::Custom(e.to_string()))?;
    }
    db.execute(&insert).await?;
    Ok(())
}
