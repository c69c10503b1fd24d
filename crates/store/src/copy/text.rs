//! The full text of tickets and articles, made anew from what was copied.

use atc_core::{
    id::TicketNumber,
    text::{Description, Title},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Statement};

use super::{Phase, Watch, content, record::Record};
use crate::{Result, Store, StoreError, Tx, db::full_text, search::TitledText};

/// How many texts a transaction makes. Each is bounded, and they are held one at a time.
const BATCH: usize = 50;

/// What has a full text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    Tickets,
    Articles,
}

impl Text {
    /// Under which the copy records how far it is.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tickets => "ticket_search",
            Self::Articles => "article_search",
        }
    }

    const fn numbers(self) -> &'static str {
        match self {
            Self::Tickets => {
                "SELECT number FROM tickets WHERE number > $1 ORDER BY number LIMIT $2"
            }
            Self::Articles => {
                "SELECT number FROM articles WHERE number > $1 ORDER BY number LIMIT $2"
            }
        }
    }
}

/// Tells how many texts there are.
pub(super) async fn begin(target: &Store, watch: &dyn Watch) -> Result<()> {
    let db = target.reader();
    let total = content::count("tickets", db).await? + content::count("articles", db).await?;
    watch.begin(Phase::Text, total);
    Ok(())
}

/// Makes those that are left.
pub(super) async fn rebuild(target: &Store, what: Text, watch: &dyn Watch) -> Result<()> {
    let mut record = Record::of(target, what.name()).await?;
    watch.advance(what.name(), record.rows);
    while !record.done {
        let tx = target.begin().await?;
        let values = [record.number()?.into(), (BATCH as u64).into()];
        let backend = tx.inner.get_database_backend();
        let query = Statement::from_sql_and_values(backend, what.numbers(), values);
        let rows = tx.inner.query_all_raw(query).await?;
        let mut last = None;
        for row in &rows {
            let number: i64 = row.try_get_by_index(0)?;
            match what {
                Text::Tickets => ticket(&tx, number).await?,
                Text::Articles => article(&tx, number).await?,
            }
            last = Some(number.into());
        }
        record.step(last, rows.len(), BATCH);
        record.keep(&tx.inner).await?;
        tx.commit().await?;
        watch.advance(what.name(), rows.len() as u64);
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Words {
    title: String,
    body: String,
}

async fn words(db: &DatabaseTransaction, sql: &'static str, number: i64) -> Result<Words> {
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, [number.into()]);
    let found = Words::find_by_statement(query).one(db).await?;
    found.ok_or(StoreError::NotFound("text"))
}

async fn ticket(tx: &Tx, number: i64) -> Result<()> {
    let sql = "SELECT title, description AS body FROM tickets WHERE number = $1";
    let words = words(&tx.inner, sql, number).await?;
    let title =
        Title::parse(words.title).map_err(|e| StoreError::unreadable("tickets.title", e))?;
    let description = Description::parse(words.body)
        .map_err(|e| StoreError::unreadable("tickets.description", e))?;
    tx.tickets().write_whole_text(TicketNumber(number), &title, &description, true).await
}

async fn article(tx: &Tx, number: i64) -> Result<()> {
    let sql = "SELECT title, body FROM articles WHERE number = $1";
    let words = words(&tx.inner, sql, number).await?;
    let text = TitledText::new(&words.title, &words.body);
    for statement in full_text::write_article_text(tx.engine, number, &text) {
        tx.inner.execute_raw(statement).await?;
    }
    Ok(())
}
