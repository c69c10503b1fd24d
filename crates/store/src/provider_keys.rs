//! Keys of providers of language models, sealed.

use atc_core::{agent::ProviderName, id::UserId};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement,
};

use crate::{Result, Store, StoreError, Tx, db::dialect};

/// Keys of providers, seen through a connection or a transaction.
pub struct ProviderKeys<'a, C>(&'a C);

impl Store {
    /// Keys of providers.
    #[must_use]
    pub fn provider_keys(&self) -> ProviderKeys<'_, DatabaseConnection> {
        ProviderKeys(self.reader())
    }
}

impl Tx {
    /// Keys of providers.
    #[must_use]
    pub fn provider_keys(&self) -> ProviderKeys<'_, DatabaseTransaction> {
        ProviderKeys(&self.inner)
    }
}

#[derive(FromQueryResult)]
struct Row {
    provider: String,
    key: Vec<u8>,
}

impl<C: ConnectionTrait> ProviderKeys<'_, C> {
    /// All of them, sealed.
    pub async fn all(&self) -> Result<Vec<(ProviderName, Vec<u8>)>> {
        let sql = "SELECT provider, key FROM ai_provider_keys ORDER BY provider";
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        Row::find_by_statement(statement).all(self.0).await?.into_iter().map(read).collect()
    }
}

impl ProviderKeys<'_, DatabaseTransaction> {
    /// One of them, held until this transaction ends.
    pub async fn find_for_update(&self, provider: &ProviderName) -> Result<Option<Vec<u8>>> {
        let backend = self.0.get_database_backend();
        let held = dialect::hold_rows(backend);
        let sql = format!("SELECT provider, key FROM ai_provider_keys WHERE provider = $1 {held}");
        let statement = Statement::from_sql_and_values(backend, sql, [provider.as_str().into()]);
        Ok(Row::find_by_statement(statement).one(self.0).await?.map(|row| row.key))
    }

    /// Keeps a sealed key in place of the one before.
    pub async fn set(
        &self,
        provider: &ProviderName,
        key: Vec<u8>,
        set_by: UserId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO ai_provider_keys (provider, key, set_by, set_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (provider) DO UPDATE SET key = excluded.key, set_by = excluded.set_by, \
             set_at = excluded.set_at",
            vec![provider.as_str().into(), key.into(), set_by.0.into(), now.into()],
        )
        .await?;
        Ok(())
    }

    /// Keeps the same key, sealed anew.
    pub async fn reseal(&self, provider: &ProviderName, key: Vec<u8>) -> Result<()> {
        let sql = "UPDATE ai_provider_keys SET key = $2 WHERE provider = $1";
        self.execute(sql, vec![provider.as_str().into(), key.into()]).await?;
        Ok(())
    }

    /// Forgets a key; whether there was one.
    pub async fn delete(&self, provider: &ProviderName) -> Result<bool> {
        let sql = "DELETE FROM ai_provider_keys WHERE provider = $1";
        Ok(self.execute(sql, vec![provider.as_str().into()]).await? > 0)
    }

    async fn execute(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        Ok(self.0.execute_raw(statement).await?.rows_affected())
    }
}

fn read(row: Row) -> Result<(ProviderName, Vec<u8>)> {
    let name = ProviderName::parse(row.provider)
        .map_err(|e| StoreError::unreadable("ai_provider_keys.provider", e))?;
    Ok((name, row.key))
}
