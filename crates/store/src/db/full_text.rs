//! Full text as the two engines keep and match it: FTS5 of SQLite, `tsvector` of PostgreSQL. Both are given the same
//! terms, which this program makes.

use sea_orm::{
    DbBackend, Statement,
    sea_query::{Expr, SimpleExpr},
};

use super::Engine;
use crate::search::{Need, Reach, TermSet, TicketText, TitledText, Within, tsvector};

/// Replaces the full text of a ticket.
pub(crate) fn write_ticket_text(engine: Engine, number: i64, text: &TicketText) -> Vec<Statement> {
    let TicketText { own, comments, notes } = text;
    let terms = TermSet::new(&own.title, &own.body).to_bytes();
    match engine {
        Engine::Sqlite => vec![
            Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "INSERT OR REPLACE INTO ticket_search (rowid, title, body, comments, notes) \
                 VALUES ($1, $2, $3, $4, $5)",
                [
                    number.into(),
                    [own.title.as_slice(), &own.title_stems].concat().join(" ").into(),
                    [own.body.as_slice(), &own.body_stems].concat().join(" ").into(),
                    comments.join(" ").into(),
                    notes.join(" ").into(),
                ],
            ),
            write_terms("ticket", number, terms),
        ],
        Engine::Postgres => {
            let fields = [
                (&*own.title, 'A'),
                (&*own.title_stems, 'A'),
                (&*own.body, 'B'),
                (&*own.body_stems, 'B'),
                (&**comments, 'C'),
                (&**notes, 'D'),
            ];
            vec![write_text_and_terms("ticket", number, tsvector(&fields), terms)]
        }
    }
}

/// Replaces the full text of an article.
pub(crate) fn write_article_text(engine: Engine, number: i64, text: &TitledText) -> Vec<Statement> {
    let terms = TermSet::new(&text.title, &text.body).to_bytes();
    match engine {
        Engine::Sqlite => vec![
            Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "INSERT OR REPLACE INTO article_search (rowid, title, body) VALUES ($1, $2, $3)",
                [
                    number.into(),
                    [text.title.as_slice(), &text.title_stems].concat().join(" ").into(),
                    [text.body.as_slice(), &text.body_stems].concat().join(" ").into(),
                ],
            ),
            write_terms("article", number, terms),
        ],
        Engine::Postgres => {
            let document = tsvector(&[
                (&*text.title, 'A'),
                (&*text.title_stems, 'A'),
                (&*text.body, 'B'),
                (&*text.body_stems, 'B'),
            ]);
            vec![write_text_and_terms("article", number, document, terms)]
        }
    }
}

fn write_terms(what: &'static str, number: i64, terms: Vec<u8>) -> Statement {
    Statement::from_sql_and_values(
        DbBackend::Sqlite,
        format!(
            "INSERT INTO {what}_terms ({what}_number, terms) VALUES ($1, $2) \
             ON CONFLICT ({what}_number) DO UPDATE SET terms = excluded.terms"
        ),
        [number.into(), terms.into()],
    )
}

/// Both in one round trip.
fn write_text_and_terms(
    what: &'static str,
    number: i64,
    document: String,
    terms: Vec<u8>,
) -> Statement {
    Statement::from_sql_and_values(
        DbBackend::Postgres,
        format!(
            "WITH t AS (INSERT INTO {what}_terms ({what}_number, terms) VALUES ($1, $3) \
             ON CONFLICT ({what}_number) DO UPDATE SET terms = excluded.terms) \
             INSERT INTO {what}_search ({what}_number, document) VALUES ($1, $2::text::tsvector) \
             ON CONFLICT ({what}_number) DO UPDATE SET document = excluded.document"
        ),
        [number.into(), document.into(), terms.into()],
    )
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

/// The condition that `tickets t` or `articles k` has these words, each by any of its terms. Terms are letters and
/// digits only, so that they can stand between quotes as they are.
pub(crate) fn text_match(
    engine: Engine,
    words: &[Vec<String>],
    within: Within,
    need: Need,
) -> SimpleExpr {
    let (what, row, reach, beyond) = match within {
        Within::Tickets { reach, beyond } => ("ticket", "t.number", reach, beyond),
        Within::Articles => ("article", "k.number", Reach::Everywhere, None),
    };
    match engine {
        Engine::Sqlite => {
            let mut query = fts5_query(words, reach, need);
            if let Some(nearer) = beyond {
                query = format!("({query}) NOT ({})", fts5_query(words, nearer, need));
            }
            Expr::cust_with_values(
                format!("{row} IN (SELECT rowid FROM {what}_search WHERE {what}_search MATCH ?)"),
                [query],
            )
        }
        Engine::Postgres => {
            let mut queries = vec![tsquery(words, reach, need)];
            let mut not_nearer = "";
            // In the same look at the table: with a second one whose tickets are left out, the planner would rather go
            // through all tickets.
            if let Some(nearer) = beyond {
                queries.push(tsquery(words, nearer, need));
                not_nearer = " AND NOT document @@ $2::text::tsquery";
            }
            Expr::cust_with_values(
                format!(
                    "{row} IN (SELECT {what}_number FROM {what}_search \
                     WHERE document @@ $1::text::tsquery{not_nearer})"
                ),
                queries,
            )
        }
    }
}

/// A query of SQLite's full text search (FTS5, 3.).
fn fts5_query(words: &[Vec<String>], reach: Reach, need: Need) -> String {
    let columns = match reach {
        Reach::Title => "{title} : ",
        Reach::Text => "{title body} : ",
        Reach::Comments => "{title body comments} : ",
        Reach::Everywhere => "",
    };
    let words = joined(words, need, [" AND ", " OR "], |term| format!("\"{term}\""));
    format!("{columns}({words})")
}

/// A `tsquery` of PostgreSQL.
fn tsquery(words: &[Vec<String>], reach: Reach, need: Need) -> String {
    let weights = match reach {
        Reach::Title => ":A",
        Reach::Text => ":AB",
        Reach::Comments => ":ABC",
        Reach::Everywhere => "",
    };
    joined(words, need, [" & ", " | "], |term| format!("'{term}'{weights}"))
}

/// The words as they are needed, each by any of its terms, in a language that says so with these operators.
fn joined(
    words: &[Vec<String>],
    need: Need,
    [and, or]: [&str; 2],
    written: impl Fn(&String) -> String,
) -> String {
    let any = |terms: &Vec<String>| {
        let terms: Vec<_> = terms.iter().map(&written).collect();
        format!("({})", terms.join(or))
    };
    let words: Vec<_> = words.iter().map(any).collect();
    words.join(match need {
        Need::All => and,
        Need::Any => or,
    })
}
