//! The bus of an installation on PostgreSQL: `NOTIFY` and `LISTEN`.
//!
//! Nothing is notified within the transactions of requests: a transaction that notifies waits at its
//! commit for every other one that does.

use std::time::Duration;

use atc_core::ports::{BoxFuture, Bus, BusError, BusListener, BusMessage};
use sqlx::{PgPool, postgres::PgListener};

use crate::{Engine, Store};

/// The channel; PostgreSQL keeps those of two databases apart.
const CHANNEL: &str = "ai_tickets";
/// The variable that names the server.
const SERVER: &str = "DATABASE_URL";
/// How long the server may take to pass a message on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bus that PostgreSQL provides.
struct PostgresBus {
    /// Two connections of its own, so that requests that take all others do not hold it up: one says,
    /// one hears.
    pool: PgPool,
}

impl Store {
    /// A bus for the processes that use this database; `None` where the engine has none. Connects when
    /// it is used.
    ///
    /// # Errors
    /// When the address of the database makes no sense.
    pub fn bus(&self) -> crate::Result<Option<Box<dyn Bus>>> {
        Ok(match self.engine() {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Box::new(PostgresBus { pool: self.side_pool(2)? })),
        })
    }
}

impl Bus for PostgresBus {
    fn publish(&self, message: BusMessage) -> BoxFuture<'_, Result<(), BusError>> {
        Box::pin(async move {
            let notify = sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(message.to_text())
                .execute(&self.pool);
            match tokio::time::timeout(PATIENCE, notify).await {
                Ok(done) => done.map(drop).map_err(|e| bus_error(&e)),
                Err(_) => Err(BusError { server: SERVER, reason: "no answer in time".to_owned() }),
            }
        })
    }

    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn BusListener>, BusError>> {
        Box::pin(async move {
            let mut listener =
                PgListener::connect_with(&self.pool).await.map_err(|e| bus_error(&e))?;
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await.map_err(|e| bus_error(&e))?;
            Ok(Box::new(PostgresListener(listener)) as Box<dyn BusListener>)
        })
    }
}

struct PostgresListener(PgListener);

impl BusListener for PostgresListener {
    fn next(&mut self) -> BoxFuture<'_, Result<BusMessage, BusError>> {
        Box::pin(async move {
            loop {
                let heard = self.0.try_recv().await.map_err(|e| bus_error(&e))?;
                let Some(heard) = heard else {
                    let reason = "the connection was closed".to_owned();
                    return Err(BusError { server: SERVER, reason });
                };
                if let Some(message) = BusMessage::parse(heard.payload()) {
                    return Ok(message);
                }
            }
        })
    }
}

/// What went wrong, without what the server or an address says.
fn bus_error(e: &sqlx::Error) -> BusError {
    let reason = match e {
        sqlx::Error::PoolTimedOut => "no connection in time",
        sqlx::Error::Io(_) => "the connection broke",
        sqlx::Error::PoolClosed => "the program ends",
        _ => "the server refused",
    };
    BusError { server: SERVER, reason: reason.to_owned() }
}
