//! A transaction that may write.

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::{Result, db::Engine};

/// A transaction. Dropped without [`Tx::commit`], it is undone.
pub struct Tx {
    pub(crate) engine: Engine,
    pub(crate) inner: DatabaseTransaction,
}

impl Tx {
    pub(super) async fn begin(db: &DatabaseConnection, engine: Engine) -> Result<Self> {
        // On SQLite a transaction that reads first and writes later can be refused half-way; one
        // that announces its writing waits its turn instead.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Self { engine, inner: db.begin_with_options(options).await? })
    }

    /// Makes everything durable. After `Ok` it survives the death of this process.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        Ok(())
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<()> {
        self.inner.rollback().await?;
        Ok(())
    }
}
