//! Everything that the two engines say differently, but for full text (`full_text`). Nothing outside these files asks
//! which engine serves in order to choose between two statements.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
    sea_query::{Expr, SimpleExpr},
};

use super::Engine;

/// An arbitrary number that all our processes agree on, for `pg_advisory_lock`.
const MIGRATION_LOCK: i64 = 0x4154_4354_4943_4b54;

/// Which cluster a primary of PostgreSQL is, on which timeline, and up to where everything that was acknowledged
/// is in its log. A commit is acknowledged when it is flushed, unless somebody switched that off.
pub(crate) const PRIMARY_PROGRESS: &str = "\
    SELECT (SELECT system_identifier FROM pg_control_system()), \
           ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint, \
           (CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn() \
            ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn)::bigint";

/// The same of a replica, up to where it has replayed the log; no row of a server that follows none.
pub(crate) const REPLICA_PROGRESS: &str = "\
    SELECT (SELECT system_identifier FROM pg_control_system()), \
           (SELECT greatest(c.timeline_id, r.min_recovery_end_timeline)::bigint \
              FROM pg_control_checkpoint() c, pg_control_recovery() r), \
           (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint \
    WHERE pg_is_in_recovery()";

impl Engine {
    pub(super) fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// Waits until no other process migrates this PostgreSQL database. The lock ends with the
/// connection.
pub(crate) async fn lock_migrations(db: &DatabaseConnection) -> Result<(), DbErr> {
    db.execute_unprepared(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).await?;
    Ok(())
}

/// What runs before a write that [`change_mark`] numbers. SQLite has one writer, so that counting
/// its transactions serves; PostgreSQL numbers them by itself.
pub(crate) const fn advance_mark(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => Some("UPDATE change_mark SET mark = mark + 1"),
        Engine::Postgres => None,
    }
}

/// The number of this write, as an expression. It never goes back, whatever is deleted.
const fn change_mark(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "(SELECT mark FROM change_mark)",
        Engine::Postgres => "pg_current_xact_id()::text::bigint",
    }
}

/// The mark from which a reader must read next time to miss nothing, as an expression: every write
/// below it is finished and visible now. On PostgreSQL that is the oldest transaction still running.
pub(crate) const fn safe_mark(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "(SELECT mark + 1 FROM change_mark)",
        Engine::Postgres => "pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    }
}

/// Takes back marks from the future: a database that was restored on another PostgreSQL server has
/// them, and they would be read again at every search.
pub(crate) const fn reset_foreign_marks(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(
            "UPDATE ticket_vectors SET changed_in = 0 \
                 WHERE changed_in > pg_current_xact_id()::text::bigint; \
             UPDATE article_passages SET changed_in = 0 \
                 WHERE changed_in > pg_current_xact_id()::text::bigint; \
             DELETE FROM events WHERE mark > pg_current_xact_id()::text::bigint",
        ),
    }
}

/// The mark of an event that is written now, as an expression. On SQLite transactions write one after
/// the other, so that the sequence alone is the order.
pub(crate) const fn event_mark(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "0",
        Engine::Postgres => change_mark(engine),
    }
}

/// Whether nothing can appear before an event any more, as a condition.
pub(crate) const fn event_is_settled(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "1",
        Engine::Postgres => "mark < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    }
}

/// Mark and sequence of the position after every settled event, as two expressions.
pub(crate) const fn event_head(engine: Engine) -> &'static str {
    match engine {
        // Numbers that were given stay used, also when their rows are gone.
        Engine::Sqlite => "0, COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)",
        Engine::Postgres => {
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, 9223372036854775807::bigint"
        }
    }
}

/// One row if there is such a table.
pub(crate) fn find_table(engine: Engine, name: &str) -> Statement {
    let query = match engine {
        Engine::Sqlite => "SELECT 1 FROM sqlite_master WHERE name = $1",
        Engine::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
    };
    Statement::from_sql_and_values(engine.backend(), query, [name.into()])
}

/// The last number that a column gave, as a query; no row or null where it gave none.
pub(crate) fn last_number(engine: Engine, table: &str, column: &str) -> Statement {
    match engine {
        Engine::Sqlite => Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "SELECT seq FROM sqlite_sequence WHERE name = $1",
            [table.into()],
        ),
        Engine::Postgres => Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass)",
            [table.into(), column.into()],
        ),
    }
}

/// Makes a column go on after a number that is at least 1.
pub(crate) fn set_last_number(
    engine: Engine,
    table: &str,
    column: &str,
    last: i64,
) -> Vec<Statement> {
    match engine {
        Engine::Sqlite => vec![
            Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "DELETE FROM sqlite_sequence WHERE name = $1",
                [table.into()],
            ),
            Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)",
                [table.into(), last.into()],
            ),
        ],
        Engine::Postgres => vec![Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT setval(pg_get_serial_sequence($1, $2)::regclass, $3)",
            [table.into(), column.into(), last.into()],
        )],
    }
}

/// The present by the clock of the database, in milliseconds since 1970, as an expression. Leases go
/// by it, so that workers whose clocks differ agree.
pub(crate) const fn now_ms(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        // Not `now()`, which stands still while a transaction waits.
        Engine::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)",
    }
}

/// What makes a query take only rows that no other transaction holds. SQLite has one writer.
pub(crate) const fn skip_locked(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "",
        Engine::Postgres => "FOR UPDATE SKIP LOCKED",
    }
}

/// What makes a query hold the rows that it reads until the transaction ends; rows that refer to them may be
/// written meanwhile. SQLite has one writer.
pub(crate) const fn hold_rows(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "FOR NO KEY UPDATE",
        _ => "",
    }
}

/// `column` is one of these numbers.
pub(crate) fn is_one_of(engine: Engine, column: &'static str, numbers: &[i64]) -> SimpleExpr {
    let list = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    match engine {
        Engine::Sqlite => Expr::cust_with_values(
            format!("{column} IN (SELECT value FROM json_each(?))"),
            [format!("[{list}]")],
        ),
        Engine::Postgres => Expr::cust_with_values(
            format!("{column} = ANY ($1::text::bigint[])"),
            [format!("{{{list}}}")],
        ),
    }
}

/// Keeps the vectors of a ticket: number, title, whole, code.
pub(crate) fn upsert_ticket_vectors(engine: Engine) -> String {
    format!(
        "INSERT INTO ticket_vectors (ticket_number, title, whole, code, changed_in) \
         VALUES ($1, $2, $3, $4, {}) ON CONFLICT (ticket_number) DO UPDATE SET \
         title = excluded.title, whole = excluded.whole, code = excluded.code, \
         changed_in = excluded.changed_in",
        change_mark(engine)
    )
}

/// Writes a passage: article, ordinal, text, vector.
pub(crate) fn insert_passage(engine: Engine) -> String {
    format!(
        "INSERT INTO article_passages (article_number, ordinal, text, vector, changed_in) \
         VALUES ($1, $2, $3, $4, {})",
        change_mark(engine)
    )
}

/// A column of `tickets t` as something to sort by for which there is no index.
pub(crate) fn by_no_index(engine: Engine, column: &'static str) -> SimpleExpr {
    match engine {
        Engine::Sqlite => Expr::cust(format!("+t.{column}")),
        Engine::Postgres if column.ends_with("_at") => {
            Expr::cust(format!("(t.{column} + interval '0')"))
        }
        Engine::Postgres => Expr::cust(format!("(t.{column} + 0)")),
    }
}

/// The day in UTC of a time of `tickets t`: as something to group by, and as text such as `2026-01-31`.
pub(crate) fn utc_day(engine: Engine, column: &'static str) -> (SimpleExpr, SimpleExpr) {
    match engine {
        Engine::Sqlite => {
            // Times are kept as RFC 3339 text in UTC.
            let day = Expr::cust(format!("substr(t.{column}, 1, 10)"));
            (day.clone(), day)
        }
        Engine::Postgres => {
            let day = format!("(t.{column} AT TIME ZONE 'UTC')::date");
            let text = Expr::cust(format!("to_char({day}, 'YYYY-MM-DD')"));
            (Expr::cust(day), text)
        }
    }
}
