//! Small things that the program remembers for itself.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement};

use crate::{Result, Store, Tx};

/// Settings, seen through a connection or a transaction.
pub struct Settings<'a, C>(&'a C);

impl Store {
    /// Settings.
    #[must_use]
    pub fn settings(&self) -> Settings<'_, DatabaseConnection> {
        Settings(self.reader())
    }
}

impl Tx {
    /// Settings.
    #[must_use]
    pub fn settings(&self) -> Settings<'_, DatabaseTransaction> {
        Settings(&self.inner)
    }
}

impl<C: ConnectionTrait> Settings<'_, C> {
    /// The value kept under a name.
    pub async fn find(&self, name: &str) -> Result<Option<String>> {
        let row = self
            .0
            .query_one_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "SELECT value FROM settings WHERE name = $1",
                [name.into()],
            ))
            .await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

impl Settings<'_, DatabaseTransaction> {
    /// Keeps a value under a name.
    pub async fn set(&self, name: &str, value: &str) -> Result<()> {
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "INSERT INTO settings (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [name.into(), value.into()],
            ))
            .await?;
        Ok(())
    }
}
