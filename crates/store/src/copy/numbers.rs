//! Numbers that the database gives: they go on, and none is given twice.

use sea_orm::ConnectionTrait;

use super::catalogue::Table;
use crate::{Result, Store, db::dialect};

/// Lets every numbered column of the target go on where that of the source stands.
pub(super) async fn go_on(tables: &[Table], source: &Store, target: &Store) -> Result<()> {
    let tx = target.begin().await?;
    for table in tables {
        let Some(column) = &table.numbered else { continue };
        let last = dialect::last_number(source.engine(), &table.name, column);
        let row = source.reader().query_one_raw(last).await?;
        let last: Option<i64> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
        if let Some(last) = last.filter(|last| *last > 0) {
            for set in dialect::set_last_number(target.engine(), &table.name, column, last) {
                tx.inner.execute_raw(set).await?;
            }
        }
    }
    tx.commit().await
}
