//! What can go wrong between us and a database.

use atc_core::Error;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// What the store returns.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such row.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A unique index refused the row; the text names the index or column.
    #[error("already taken: {0}")]
    Taken(String),
    /// A row refers to another one that is not there, or is still referred to.
    #[error("a reference does not hold: {0}")]
    Reference(String),
    /// The database cannot be reached, or gave no connection in time.
    #[error("the database is not available")]
    Unavailable(#[source] DbErr),
    /// Two transactions waited for each other, and this one gave way; it may be tried again.
    #[error("another transaction was in the way")]
    Contended(#[source] DbErr),
    /// The disk below the database is full or read-only.
    #[error("the database has no room left")]
    Full(#[source] DbErr),
    /// A row holds what no version of this program writes.
    #[error("unreadable {what} in the database: {value}")]
    Unreadable {
        /// The column.
        what: &'static str,
        /// What stands there.
        value: String,
    },
    /// Anything else that the database says.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

impl StoreError {
    /// Whether a unique index on this column refused the row.
    #[must_use]
    pub fn is_taken(&self, column: &str) -> bool {
        matches!(self, Self::Taken(message) if message.contains(column))
    }

    /// Whether another server with the same data may do better.
    pub(crate) fn is_of_the_server(&self) -> bool {
        match self {
            // What takes too long here takes too long there as well.
            Self::Unavailable(e) => !timed_out(e),
            Self::Database(_) => true,
            _ => false,
        }
    }

    pub(crate) fn unreadable(what: &'static str, value: impl std::fmt::Display) -> Self {
        Self::Unreadable { what, value: value.to_string() }
    }
}

impl From<DbErr> for StoreError {
    fn from(e: DbErr) -> Self {
        match e.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) => return Self::Taken(message),
            Some(SqlErr::ForeignKeyConstraintViolation(message)) => {
                return Self::Reference(message);
            }
            _ => {}
        }
        match sqlx_error(&e) {
            Some(sqlx::Error::Database(db)) => match db.code().as_deref() {
                // SQLite keeps `ON DELETE RESTRICT` by a trigger of its own.
                Some("1811") => Self::Reference(db.message().to_owned()),
                // SQLite: SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR_WRITE; PostgreSQL: disk_full.
                Some("13" | "8" | "778" | "53100") => Self::Full(e),
                // SQLite: BUSY and LOCKED; PostgreSQL: class 08 (connection), 57P (shutdown),
                // too_many_connections, statement and lock time-outs.
                Some(
                    "5" | "6" | "261" | "262" | "517" | "57P01" | "57P02" | "57P03" | "57014"
                    | "53300" | "55P03",
                ) => Self::Unavailable(e),
                // PostgreSQL: serialization_failure, deadlock_detected.
                Some("40001" | "40P01") => Self::Contended(e),
                Some(code) if code.starts_with("08") => Self::Unavailable(e),
                _ => Self::Database(e),
            },
            Some(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
            ) => Self::Unavailable(e),
            _ if matches!(e, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => Self::Unavailable(e),
            _ => Self::Database(e),
        }
    }
}

/// Whether the time-out of statements ended it (PostgreSQL: `query_canceled`).
fn timed_out(e: &DbErr) -> bool {
    let error = sqlx_error(e).and_then(sqlx::Error::as_database_error);
    error.is_some_and(|e| e.code().as_deref() == Some("57014"))
}

fn sqlx_error(e: &DbErr) -> Option<&sqlx::Error> {
    match e {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

impl From<StoreError> for Error {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::NotFound(what) => Error::not_found(what),
            StoreError::Taken(_) => {
                Error::conflict("Something with this name exists already.").with_source(e)
            }
            StoreError::Reference(_) => Error::conflict(
                "Something that this refers to changed at the same time; try again.",
            )
            .with_source(e),
            StoreError::Unavailable(_) => {
                Error::unavailable("The database is not available; try again in a moment.", 2)
                    .with_source(e)
            }
            StoreError::Contended(_) => Error::unavailable(
                "The same things were changed by somebody else at this moment; try again.",
                1,
            )
            .with_source(e),
            StoreError::Full(_) => Error::unavailable(
                "The database has no room left; reading goes on, writing must wait.",
                60,
            )
            .with_source(e),
            StoreError::Unreadable { .. } | StoreError::Database(_) => Error::internal(e),
        }
    }
}
