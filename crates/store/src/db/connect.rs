//! Opening the database: pools with bounds, and the settings that make writes durable.

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use atc_core::ports::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, SqlxPostgresConnector,
    SqlxSqliteConnector,
};
use sqlx::{
    ConnectOptions, Connection, PgPool, Sqlite,
    pool::PoolOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{Tx, dialect, replica::Replica};
use crate::{Result, StoreError, migration, search::SearchIndex};

/// Which database engine serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file of this machine.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// The name, as health shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

/// Where the database is and how it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite://<path>` or `postgresql://…`.
    pub url: String,
    /// A server that follows the one above, for reads (PostgreSQL).
    pub replica_url: Option<String>,
    /// The most connections that read (SQLite) or that do anything (PostgreSQL).
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout_ms: u64,
    /// How long a statement may run (PostgreSQL).
    pub statement_timeout_ms: u64,
    /// SQLite only: `true` survives a power cut (`synchronous=FULL`), `false` survives a killed
    /// process only, and writes ten times as often.
    pub sqlite_full_sync: bool,
}

/// How much of a pool of connections is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// `read` and `write` on SQLite, `all` on PostgreSQL.
    pub pool: &'static str,
    /// The most connections that it may have.
    pub max: u32,
    /// Those that somebody has.
    pub used: u32,
    /// Those that wait for somebody.
    pub idle: u32,
}

/// The database. Cheap to clone; reads go through it, writes through [`Store::begin`].
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    /// Many connections that read.
    pub(super) read: DatabaseConnection,
    /// The connections that write: one for SQLite, the same pool for PostgreSQL.
    write: DatabaseConnection,
    /// Settings for connections of our own, outside the pools.
    pub(super) config: Arc<Config>,
    /// Another server that may answer in the place of `read`; see [`Store::read`].
    pub(super) replica: Option<Arc<Replica>>,
    pub(crate) search: Arc<SearchIndex>,
}

impl Store {
    /// Opens the database, making the file of a SQLite database where it is missing. Does not
    /// migrate: see [`Store::migrate_up`].
    ///
    /// # Errors
    /// When it cannot be reached or the address makes no sense.
    pub async fn connect(config: Config) -> Result<Self> {
        // What making connections holds would else be part of the future of everybody who opens a database.
        Box::pin(Self::open(config)).await
    }

    async fn open(config: Config) -> Result<Self> {
        let (engine, read, write) = match engine_of(&config.url)? {
            Engine::Sqlite => {
                let options = sqlite_options(&config);
                // The writer comes first: it makes the file that readers open read-only.
                let write = sqlite_writer(&config, options.clone()).await?;
                let read =
                    sqlite_pool(&config, config.max_connections, options.read_only(true)).await?;
                (Engine::Sqlite, read, write)
            }
            Engine::Postgres => {
                let pool = pool_options(&config, config.max_connections)
                    .connect_with(postgres_options(&config, config.statement_timeout_ms)?)
                    .await
                    .map_err(connect_error)?;
                let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
                (Engine::Postgres, pool.clone(), pool)
            }
        };
        let search = Arc::new(SearchIndex::default());
        let config = Arc::new(config);
        let mut store = Self { engine, read, write, config, replica: None, search };
        if let Some(url) = store.config.replica_url.clone().filter(|_| engine == Engine::Postgres) {
            store.replica = Some(Arc::new(Replica::new(&store, &url)?));
        }
        Ok(store)
    }

    /// Which engine serves.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Starts a transaction that may write. It is undone unless committed.
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin(&self.write, self.engine).await
    }

    /// A few connections to PostgreSQL beside the pool of requests, made when they are used.
    pub(crate) fn side_pool(&self, connections: u32) -> Result<PgPool> {
        lazy_pool(&self.config, connections)
    }

    /// How much of each pool is in use.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolUse> {
        match self.engine {
            Engine::Sqlite => vec![
                pool_use("read", self.read.get_sqlite_connection_pool()),
                pool_use("write", self.write.get_sqlite_connection_pool()),
            ],
            Engine::Postgres => vec![pool_use("all", self.read.get_postgres_connection_pool())],
        }
    }

    /// The connections that read.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The same with other connections that read.
    pub(super) fn reading_at(&self, read: DatabaseConnection) -> Self {
        Self { read, replica: None, ..self.clone() }
    }

    /// Connections on which nothing lags behind.
    pub(crate) fn primary(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Where the database is, without a password: the same database says the same.
    pub(crate) fn place(&self) -> Result<String> {
        Ok(match self.engine {
            Engine::Sqlite => {
                let path = std::path::absolute(sqlite_path(&self.config))
                    .map_err(|e| StoreError::unreadable("database address", e))?;
                format!("sqlite://{}", path.display())
            }
            Engine::Postgres => {
                let o = postgres_options(&self.config, 0)?;
                let database = o.get_database().unwrap_or(o.get_username());
                format!("postgresql://{}:{}/{database}", o.get_host(), o.get_port())
            }
        })
    }

    /// A database in memory with the schema of this program and nothing but what that brings.
    pub(crate) async fn in_memory() -> Result<DatabaseConnection> {
        let config = Config {
            url: "sqlite::memory:".to_owned(),
            replica_url: None,
            max_connections: 1,
            acquire_timeout_ms: 5000,
            statement_timeout_ms: 0,
            sqlite_full_sync: false,
        };
        let db = sqlite_pool(&config, 1, sqlite_options(&config)).await?;
        migration::up((&db).into(), None).await?;
        Ok(db)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Applies all pending migrations, or the first `steps` of them. One process at a time; others
    /// wait for it.
    pub async fn migrate_up(&self, steps: Option<u32>) -> Result<()> {
        self.migrate(|db| Box::pin(migration::up(db, steps))).await?;
        if steps.is_none()
            && let Some(reset) = dialect::reset_foreign_marks(self.engine)
        {
            self.write.execute_unprepared(reset).await?;
        }
        Ok(())
    }

    /// Reverts the last `steps` migrations. What their tables held is gone.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        self.migrate(move |db| Box::pin(migration::down(db, steps))).await
    }

    /// Every migration this program knows, and whether it is applied.
    pub async fn migration_states(&self) -> Result<Vec<migration::MigrationState>> {
        migration::states(&self.read).await
    }

    /// Runs migrations on a connection of its own: on a pool, SQLite's other connections keep a
    /// stale schema; on PostgreSQL, the time-out of requests must not apply. Other processes wait:
    /// on SQLite because all steps are one transaction that announces its writing, on PostgreSQL
    /// for a lock.
    async fn migrate<F>(&self, run: F) -> Result<()>
    where
        F: for<'c> FnOnce(DatabaseExecutor<'c>) -> BoxFuture<'c, Result<()>>,
    {
        let db = match self.engine {
            Engine::Sqlite => sqlite_pool(&self.config, 1, sqlite_options(&self.config)).await?,
            Engine::Postgres => SqlxPostgresConnector::from_sqlx_postgres_pool(
                pool_options(&self.config, 1)
                    .connect_with(postgres_options(&self.config, 0)?)
                    .await
                    .map_err(connect_error)?,
            ),
        };
        let result = match self.engine {
            Engine::Sqlite => {
                let tx = Tx::begin(&db, self.engine).await?;
                match run((&tx.inner).into()).await {
                    Ok(()) => tx.commit().await,
                    Err(e) => Err(e),
                }
            }
            Engine::Postgres => {
                dialect::lock_migrations(&db).await?;
                run((&db).into()).await
            }
        };
        // Closing the connection releases the lock as well.
        db.close().await?;
        result
    }

    /// Closes all connections after what runs has ended.
    pub async fn close(&self) {
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
        for pool in [&self.read, &self.write] {
            if let Err(e) = pool.close_by_ref().await {
                tracing::warn!(error = %e, "closing the database");
            }
        }
    }
}

/// Connections to PostgreSQL that are made when they are used.
pub(super) fn lazy_pool(config: &Config, connections: u32) -> Result<PgPool> {
    let options = postgres_options(config, config.statement_timeout_ms)?;
    Ok(pool_options(config, connections).connect_lazy_with(options))
}

fn engine_of(url: &str) -> Result<Engine> {
    match url.split_once(':') {
        Some(("sqlite", _)) => Ok(Engine::Sqlite),
        Some(("postgres" | "postgresql", _)) => Ok(Engine::Postgres),
        _ => Err(StoreError::unreadable("database address", "neither sqlite: nor postgresql:")),
    }
}

fn connect_error(e: sqlx::Error) -> StoreError {
    StoreError::Unavailable(sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(e))))
}

fn pool_options<DB: sqlx::Database>(config: &Config, max: u32) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(max)
        .acquire_timeout(Duration::from_millis(config.acquire_timeout_ms))
        // A connection found dead when it is used is replaced then; a ping before every use would
        // cost each request a round trip.
        .test_before_acquire(false)
}

fn pool_use<DB: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<DB>) -> PoolUse {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    PoolUse {
        pool: name,
        max: pool.options().get_max_connections(),
        used: pool.size().saturating_sub(idle),
        idle,
    }
}

/// The one connection that writes. Where the disk is full, SQLite undoes a transaction by itself, and the
/// driver still counts it as open: what is committed on such a connection later would be inside of it, and
/// never kept. Such a connection is replaced.
async fn sqlite_writer(
    config: &Config,
    options: SqliteConnectOptions,
) -> Result<DatabaseConnection> {
    let pool = pool_options::<Sqlite>(config, 1)
        .before_acquire(|connection, _| {
            Box::pin(async move {
                // What was to be undone is undone before the answer comes.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options)
        .await
        .map_err(connect_error)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn sqlite_pool(
    config: &Config,
    max: u32,
    options: SqliteConnectOptions,
) -> Result<DatabaseConnection> {
    let pool = pool_options(config, max).connect_with(options).await.map_err(connect_error)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

fn sqlite_path(config: &Config) -> PathBuf {
    PathBuf::from(config.url.trim_start_matches("sqlite:").trim_start_matches("//"))
}

fn sqlite_options(config: &Config) -> SqliteConnectOptions {
    let synchronous =
        if config.sqlite_full_sync { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
    SqliteConnectOptions::new()
        .filename(sqlite_path(config))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(config.acquire_timeout_ms))
        // 8 MiB a connection; the operating system's cache holds the rest.
        .pragma("cache_size", "-8192")
        .pragma("temp_store", "memory")
        .statement_cache_capacity(200)
        .disable_statement_logging()
}

fn postgres_options(config: &Config, statement_timeout_ms: u64) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(&config.url)
        .map_err(|_| StoreError::unreadable("database address", "not a PostgreSQL URL"))?;
    Ok(options
        .application_name("ai-tickets")
        .options([("statement_timeout", statement_timeout_ms.to_string())])
        .statement_cache_capacity(200)
        .disable_statement_logging())
}
