//! Everything that the two engines say differently. Nothing outside this file asks which engine
//! serves in order to choose between two statements.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value,
    sea_query::{Expr, SimpleExpr},
};

use super::Engine;
use crate::search::{Reach, TicketText, tsvector};

/// An arbitrary number that all our processes agree on, for `pg_advisory_lock`.
const MIGRATION_LOCK: i64 = 0x4154_4354_4943_4b54;

impl Engine {
    fn backend(self) -> DbBackend {
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

/// A number that grows with every write, as an expression. SQLite has one writer, so that counting
/// serves; PostgreSQL numbers its transactions.
const fn change_mark(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "(SELECT coalesce(max(changed_in), 0) + 1 FROM ticket_vectors)",
        Engine::Postgres => "pg_current_xact_id()::text::bigint",
    }
}

/// The mark from which a reader must read next time to miss nothing: every write below it is
/// finished and visible now. On PostgreSQL that is the oldest transaction still running.
pub(crate) const fn safe_mark(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT coalesce(max(changed_in), 0) + 1 FROM ticket_vectors",
        Engine::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
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

/// Replaces the full text of a ticket.
pub(crate) fn write_ticket_text(engine: Engine, number: i64, text: &TicketText) -> Statement {
    match engine {
        Engine::Sqlite => Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "INSERT OR REPLACE INTO ticket_search (rowid, title, body, comments) \
             VALUES ($1, $2, $3, $4)",
            [
                number.into(),
                text.title.join(" ").into(),
                text.body.join(" ").into(),
                text.comments.join(" ").into(),
            ],
        ),
        Engine::Postgres => Statement::from_sql_and_values(
            DbBackend::Postgres,
            "INSERT INTO ticket_search (ticket_number, document) VALUES ($1, $2::text::tsvector) \
             ON CONFLICT (ticket_number) DO UPDATE SET document = excluded.document",
            [
                number.into(),
                tsvector(&[(&text.title, 'A'), (&text.body, 'B'), (&text.comments, 'C')]).into(),
            ],
        ),
    }
}

/// Replaces the full text of an article.
pub(crate) fn write_article_text(
    engine: Engine,
    number: i64,
    title: &[String],
    body: &[String],
) -> Statement {
    match engine {
        Engine::Sqlite => Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "INSERT OR REPLACE INTO article_search (rowid, title, body) VALUES ($1, $2, $3)",
            [number.into(), title.join(" ").into(), body.join(" ").into()],
        ),
        Engine::Postgres => Statement::from_sql_and_values(
            DbBackend::Postgres,
            "INSERT INTO article_search (article_number, document) \
             VALUES ($1, $2::text::tsvector) \
             ON CONFLICT (article_number) DO UPDATE SET document = excluded.document",
            [number.into(), tsvector(&[(title, 'A'), (body, 'B')]).into()],
        ),
    }
}

/// Removes the full text of a `ticket` or an `article`.
pub(crate) fn delete_text(engine: Engine, what: &'static str, number: i64) -> Statement {
    let key = match engine {
        Engine::Sqlite => "rowid".to_owned(),
        Engine::Postgres => format!("{what}_number"),
    };
    Statement::from_sql_and_values(
        engine.backend(),
        format!("DELETE FROM {what}_search WHERE {key} = $1"),
        [number.into()],
    )
}

/// The condition that `tickets t` has all these terms within reach, with its one value. Terms are
/// letters and digits only, so that they can stand between quotes as they are.
pub(crate) fn ticket_text_match(
    engine: Engine,
    terms: &[String],
    reach: Reach,
) -> (&'static str, Value) {
    match engine {
        Engine::Sqlite => {
            let columns = match reach {
                Reach::Title => "{title} : ",
                Reach::Text => "{title body} : ",
                Reach::Everywhere => "",
            };
            let all = terms.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(" AND ");
            (
                "t.number IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?)",
                format!("{columns}({all})").into(),
            )
        }
        Engine::Postgres => {
            let weights = match reach {
                Reach::Title => ":A",
                Reach::Text => ":AB",
                Reach::Everywhere => "",
            };
            let all =
                terms.iter().map(|t| format!("'{t}'{weights}")).collect::<Vec<_>>().join(" & ");
            (
                "t.number IN (SELECT ticket_number FROM ticket_search \
                 WHERE document @@ $1::text::tsquery)",
                all.into(),
            )
        }
    }
}

/// The day in UTC of a time of `tickets t`, as text such as `2026-01-31`.
pub(crate) fn utc_day(engine: Engine, column: &'static str) -> SimpleExpr {
    match engine {
        // Times are kept as RFC 3339 text in UTC.
        Engine::Sqlite => Expr::cust(format!("substr(t.{column}, 1, 10)")),
        Engine::Postgres => {
            Expr::cust(format!("to_char(t.{column} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"))
        }
    }
}
