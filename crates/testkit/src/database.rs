//! A database that belongs to one test.

use std::str::FromStr;

use atc_store::{Config, Engine, Store};
use sqlx::{
    ConnectOptions, Connection, PgConnection, SqliteConnection, postgres::PgConnectOptions,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::machine::found;

/// A migrated database of one test, removed at [`TestDb::close`].
pub struct TestDb {
    /// The store that uses it.
    pub store: Store,
    /// Its address.
    pub url: String,
    keeper: Keeper,
}

/// A connection that holds what its statements took.
#[derive(Debug)]
#[expect(missing_docs, reason = "the engines")]
pub enum Held {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Held {
    /// Ends the connection, and with it what it held.
    pub async fn release(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
        closed.expect("the connection closes");
    }
}

enum Keeper {
    /// The folder goes when this does.
    Folder(#[expect(dead_code, reason = "held for its drop")] TempDir),
    Database {
        admin: Box<PgConnectOptions>,
        name: String,
    },
}

impl TestDb {
    /// A database in a file of its own.
    pub async fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", dir.path().join("test.db").display());
        Self::open(url, Keeper::Folder(dir)).await
    }

    /// A database of its own on the test server; `None` when there is no server.
    pub async fn postgres() -> Option<Self> {
        let server = found("TEST_DATABASE_URL")?;
        let admin = PgConnectOptions::from_str(&server).expect("a PostgreSQL URL");
        let name = format!("t{}", Uuid::new_v4().simple());
        let mut connection = admin.connect().await.expect("the test server answers");
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .expect("a new database");
        connection.close().await.expect("the connection closes");
        let url = admin.clone().database(&name).to_url_lossy().to_string();
        Some(Self::open(url, Keeper::Database { admin: Box::new(admin), name }).await)
    }

    async fn open(url: String, keeper: Keeper) -> Self {
        let store = Store::connect(Self::config(&url)).await.expect("the database opens");
        store.migrate_up(None).await.expect("the migrations apply");
        Self { store, url, keeper }
    }

    /// How a test opens a database.
    #[must_use]
    pub fn config(url: &str) -> Config {
        Config {
            url: url.to_owned(),
            replica_url: None,
            max_connections: 4,
            acquire_timeout_ms: 10_000,
            statement_timeout_ms: 10_000,
            sqlite_full_sync: false,
        }
    }

    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// Runs statements that no program of ours would run.
    pub async fn execute(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self.engine() {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("it opens");
                sqlx::raw_sql(sql).execute(&mut connection).await.expect("they run");
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("it opens");
                sqlx::raw_sql(sql).execute(&mut connection).await.expect("they run");
            }
        }
    }

    /// Runs statements on a connection that stays as they leave it, such as in a transaction.
    pub async fn hold(&self, sql: &str) -> Held {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self.engine() {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("it opens");
                sqlx::raw_sql(sql).execute(&mut connection).await.expect("they run");
                Held::Sqlite(connection)
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("it opens");
                sqlx::raw_sql(sql).execute(&mut connection).await.expect("they run");
                Held::Postgres(connection)
            }
        }
    }

    /// Every row of every table, as text.
    pub async fn dump(&self) -> String {
        match self.engine() {
            Engine::Sqlite => {
                let path = self.url.trim_start_matches("sqlite://");
                let parts = ["", "-wal"].map(|end| std::fs::read(format!("{path}{end}")));
                let bytes = parts.into_iter().filter_map(Result::ok).flatten().collect::<Vec<_>>();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("it opens");
                let named = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
                let names: Vec<String> =
                    sqlx::query_scalar(named).fetch_all(&mut connection).await.expect("tables");
                let mut dump = String::new();
                for name in names {
                    let rows = format!("SELECT row_to_json(t)::text FROM \"{name}\" t");
                    let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(rows));
                    let rows: Vec<String> = rows.fetch_all(&mut connection).await.expect("rows");
                    dump.push_str(&rows.join("\n"));
                }
                dump
            }
        }
    }

    /// Closes the store and removes the database.
    pub async fn close(self) {
        self.store.close().await;
        if let Keeper::Database { admin, name } = self.keeper {
            let mut connection = admin.connect().await.expect("the test server answers");
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
                .execute(&mut connection)
                .await
                .expect("the database goes");
        }
    }
}
