//! What this process keeps in memory to search quickly, and how it keeps up with the database. It is
//! filled by the first search, and brought up to date before each.

use std::sync::{Arc, PoisonError, RwLock};

use atc_core::vector::Vector;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use tokio::sync::Mutex;

use super::{SignCode, TermSet, TermWeights, VectorIndex, sign_code, term_weights};
use crate::{Result, Store, db::dialect};

/// How many rows are read at once.
const PAGE: u64 = 2_000;
/// An article has fewer passages than this, so that a passage has a number of its own.
const ORDINALS: i64 = 1 << 10;

/// The number under which the index knows a passage.
const fn passage_key(article: i64, ordinal: i64) -> i64 {
    article * ORDINALS + ordinal
}

/// The article of a passage.
pub(super) const fn article_of(passage: i64) -> i64 {
    passage / ORDINALS
}

/// What is kept of the tickets, or of the articles.
#[derive(Default)]
pub(crate) struct Index {
    /// The codes of tickets, or of passages.
    pub vectors: VectorIndex,
    weights: RwLock<Arc<TermWeights>>,
    /// Whoever finds news takes them in, and the others wait for that.
    refreshing: Mutex<()>,
}

impl Index {
    pub fn weights(&self) -> Arc<TermWeights> {
        Arc::clone(&self.weights.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_weights(&self, weights: TermWeights) {
        *self.weights.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(weights);
    }
}

/// What this process keeps in memory to search quickly.
#[derive(Default)]
pub(crate) struct SearchIndex {
    pub tickets: Index,
    pub articles: Index,
}

/// How much of the tickets, or of the articles, searches keep in memory.
#[derive(Debug, Clone, Copy)]
pub struct SearchUse {
    /// `tickets` or `articles`.
    pub of: &'static str,
    /// How many vectors; 56 bytes each.
    pub vectors: usize,
    /// In how many texts words were counted.
    pub texts_counted: u32,
}

/// Which table an index is filled from.
#[derive(Clone, Copy)]
struct Source {
    /// `ticket` or `article`.
    what: &'static str,
    /// Selects place and code of rows beyond the place `($1, $2)`, at most `$3`; where rows have an
    /// ordinal, beyond `($1, $2, $4)`.
    codes: &'static str,
    has_ordinal: bool,
    read: fn(&QueryResult) -> Result<Row>,
}

/// A row of vectors: where it stands, and what the index keeps of it.
struct Row {
    place: (i64, i64, i64),
    entry: Option<(i64, SignCode)>,
}

const TICKETS: Source = Source {
    what: "ticket",
    codes: "SELECT changed_in, ticket_number, code FROM ticket_vectors \
            WHERE (changed_in, ticket_number) > ($1, $2) \
            ORDER BY changed_in, ticket_number LIMIT $3",
    has_ordinal: false,
    read: |row| {
        let place = (row.try_get_by_index(0)?, row.try_get_by_index(1)?, 0);
        let code = SignCode::from_bytes(&row.try_get_by_index::<Vec<u8>>(2)?);
        Ok(Row { place, entry: code.map(|code| (place.1, code)) })
    },
};

const ARTICLES: Source = Source {
    what: "article",
    codes: "SELECT changed_in, article_number, ordinal, vector FROM article_passages \
            WHERE (changed_in, article_number, ordinal) > ($1, $2, $4) \
            ORDER BY changed_in, article_number, ordinal LIMIT $3",
    has_ordinal: true,
    read: |row| {
        let ordinal = i64::from(row.try_get_by_index::<i32>(2)?);
        let place = (row.try_get_by_index(0)?, row.try_get_by_index(1)?, ordinal);
        let vector = row.try_get_by_index::<Option<Vec<u8>>>(3)?;
        let code = vector.as_deref().and_then(Vector::from_bytes).map(|v| sign_code(&v));
        let entry = code.filter(|_| ordinal < ORDINALS);
        Ok(Row { place, entry: entry.map(|code| (passage_key(place.1, ordinal), code)) })
    },
};

impl Store {
    /// Loads what searches keep in memory, so that the first one need not wait for it.
    pub async fn warm_search(&self) -> Result<()> {
        self.refreshed_tickets().await?;
        self.refreshed_articles().await?;
        Ok(())
    }

    /// How much searches keep in memory.
    #[must_use]
    pub fn search_use(&self) -> [SearchUse; 2] {
        let used = |of, index: &Index| SearchUse {
            of,
            vectors: index.vectors.len(),
            texts_counted: index.weights().texts(),
        };
        [used("tickets", &self.search.tickets), used("articles", &self.search.articles)]
    }

    /// The index of the tickets, up to date.
    pub(super) async fn refreshed_tickets(&self) -> Result<&Index> {
        self.refresh(&self.search.tickets, TICKETS).await
    }

    /// The index of the articles, up to date.
    pub(super) async fn refreshed_articles(&self) -> Result<&Index> {
        self.refresh(&self.search.articles, ARTICLES).await
    }

    async fn refresh<'a>(&self, index: &'a Index, source: Source) -> Result<&'a Index> {
        let _alone = index.refreshing.lock().await;
        let Source { what, .. } = source;
        // The mark is taken before the rows: what is written in between is read again next time.
        let state = format!(
            "SELECT {}, (SELECT coalesce(max({what}_number), 0) FROM {what}_terms)",
            dialect::safe_mark(self.engine())
        );
        let backend = self.reader().get_database_backend();
        let state = self.reader().query_one_raw(Statement::from_string(backend, state)).await?;
        let Some(state) = state else { return Ok(index) };
        let mark: i64 = state.try_get_by_index(0)?;
        // Words first: they are few, and a million vectors take seconds.
        let last: i64 = state.try_get_by_index(1)?;
        if index.weights().outdated(last) {
            index.set_weights(self.weigh(what, last).await?);
        }
        self.absorb(index, source, mark).await?;
        Ok(index)
    }

    /// Takes in all vectors that were written from the index's mark on.
    async fn absorb(&self, index: &Index, source: Source, mark: i64) -> Result<()> {
        let mut place = (index.vectors.mark() - 1, i64::MAX, i64::MAX);
        loop {
            let mut values: Vec<Value> = vec![place.0.into(), place.1.into(), PAGE.into()];
            values.extend(source.has_ordinal.then_some(place.2.into()));
            let backend = self.reader().get_database_backend();
            let statement = Statement::from_sql_and_values(backend, source.codes, values);
            let rows = self.reader().query_all_raw(statement).await?;
            let rows = rows.iter().map(source.read).collect::<Result<Vec<_>>>()?;
            let Some(last) = rows.last() else { break };
            place = last.place;
            let more = rows.len() as u64 == PAGE;
            index.vectors.absorb(rows.into_iter().filter_map(|row| row.entry));
            if !more {
                break;
            }
        }
        index.vectors.set_mark(mark);
        Ok(())
    }

    /// Counts the words of the latest texts.
    async fn weigh(&self, what: &'static str, last: i64) -> Result<TermWeights> {
        let mut weights = TermWeights::default();
        let mut before = i64::MAX;
        for _ in 0..term_weights::MAX_TEXTS.div_ceil(PAGE) {
            let statement = Statement::from_sql_and_values(
                self.reader().get_database_backend(),
                format!(
                    "SELECT {what}_number, terms FROM {what}_terms WHERE {what}_number < $1 \
                     ORDER BY {what}_number DESC LIMIT $2"
                ),
                [before.into(), PAGE.into()],
            );
            let rows = self.reader().query_all_raw(statement).await?;
            for row in &rows {
                before = row.try_get_by_index(0)?;
                weights.add(&TermSet::from_bytes(&row.try_get_by_index::<Vec<u8>>(1)?));
            }
            if (rows.len() as u64) < PAGE {
                break;
            }
        }
        Ok(weights.counted(last))
    }
}
