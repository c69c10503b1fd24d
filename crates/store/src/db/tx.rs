//! A transaction that may write.

use std::time::Instant;

use atc_core::observe::TRACES;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use tracing::{Span, field::Empty};

use crate::{Result, db::Engine};

/// A transaction. Dropped without [`Tx::commit`], it is undone.
pub struct Tx {
    pub(crate) engine: Engine,
    pub(crate) inner: DatabaseTransaction,
    /// Lasts as long as the transaction.
    span: Span,
}

impl Tx {
    /// Begins in a task of its own. Dropped half-way, as when a client goes away, `BEGIN` would give its
    /// connection back to the pool in a transaction that the driver knows nothing of; so it runs to
    /// its end, and is undone there when nobody waits any more.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends within the time-out for a connection, and changes nothing by itself"
    )]
    pub(super) async fn begin(db: &DatabaseConnection, engine: Engine) -> Result<Self> {
        // On SQLite a transaction that reads first and writes later can be refused half-way; one
        // that announces its writing waits its turn instead.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let span = tracing::info_span!(
            target: TRACES,
            "transaction",
            otel.kind = "client",
            db.system.name = engine.as_str(),
            db.operation.name = Empty,
            waited_ms = Empty,
        );
        let (db, asked) = (db.clone(), Instant::now());
        let begun = tokio::spawn(async move { db.begin_with_options(options).await });
        let inner = begun.await.map_err(|e| DbErr::Custom(e.to_string()))??;
        let waited = asked.elapsed();
        metrics::histogram!("database_begin_seconds").record(waited);
        span.record("waited_ms", waited.as_secs_f64() * 1000.0);
        Ok(Self { engine, inner, span })
    }

    /// Makes everything durable. After `Ok` it survives the death of this process.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        self.span.record("db.operation.name", "COMMIT");
        Ok(())
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<()> {
        self.inner.rollback().await?;
        Ok(())
    }
}
