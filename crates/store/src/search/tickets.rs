//! Tickets that are like a text.
//!
//! Who might be alike is found in two ways, by meaning in the index of sign codes and by rare words
//! in the full text; the exact vectors and words of these few decide. The formula was chosen on
//! duplicates that people had marked in the trackers of Hadoop and `SeaMonkey` (nDCG@10, in %):
//! cosine of the whole texts 57.6 and 72.1, words alone 72.6 and 75.4, this one 72.6 and 79.4.

use std::collections::HashSet;

use atc_core::{
    caller::Visibility,
    id::{TicketId, TicketNumber, UserId},
    ports::Meaning,
    vector::Vector,
};
use sea_orm::{
    ConnectionTrait, FromQueryResult, JoinType, Order,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    Need, Reach, TermSet, TermWeights, Within, alone, index::Index, sign_code, telling_terms, terms,
};
use crate::{
    Result, Store,
    db::{dialect, full_text},
};

/// How many tickets the index of meanings proposes. On the Hadoop duplicates 200 of 2,503 lose
/// nothing.
const BY_MEANING: usize = 300;
/// How many tickets shared words propose.
const BY_WORDS: usize = 100;
/// Among how many that share rare words these are chosen.
const SHARING_WORDS: u64 = 600;
/// How many of a person's tickets are looked at, newest first.
const OWN_TICKETS: u64 = 5_000;

/// A text, and where to look for others like it.
#[derive(Debug, Clone, Copy)]
pub struct SimilarQuery<'a> {
    /// Its title.
    pub title: &'a str,
    /// The text below it.
    pub text: &'a str,
    /// Its meaning, where there is an embedding model.
    pub meaning: Option<&'a Meaning>,
    /// Among which tickets.
    pub visibility: Visibility,
    /// The ticket that the text itself is of.
    pub exclude: Option<TicketNumber>,
    /// How many at most.
    pub limit: usize,
}

/// A ticket that is like a text.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarHit {
    /// Its number.
    pub number: TicketNumber,
    /// Its identity.
    pub id: TicketId,
    /// Its title.
    pub title: String,
    /// Who requested it.
    pub requester_id: UserId,
    /// How likely they are about the same thing, 0 to 1.
    pub score: f64,
}

/// A text, ready to be compared.
struct Asked<'a> {
    meaning: Option<&'a Meaning>,
    terms: TermSet,
    weights: &'a TermWeights,
}

#[derive(FromQueryResult)]
struct CandidateRow {
    number: i64,
    id: uuid::Uuid,
    title: String,
    requester_id: uuid::Uuid,
    title_vector: Option<Vec<u8>>,
    whole_vector: Option<Vec<u8>>,
    terms: Option<Vec<u8>>,
}

impl Store {
    /// The visible tickets that are most like a text, most alike first.
    pub async fn similar_tickets(&self, query: &SimilarQuery<'_>) -> Result<Vec<SimilarHit>> {
        let index = self.refreshed_tickets().await?;
        let asked = Asked {
            meaning: query.meaning,
            terms: TermSet::new(&terms(query.title), &terms(query.text)),
            weights: &index.weights(),
        };
        let candidates = match query.visibility {
            Visibility::All => self.candidates(query, index, &asked).await?,
            Visibility::Own(me) => self.own_candidates(query, me, index, &asked).await?,
        };
        let mut hits: Vec<_> = candidates
            .into_iter()
            .filter(|row| query.exclude.is_none_or(|n| n.0 != row.number))
            .map(|row| SimilarHit {
                score: asked.score(&row),
                number: TicketNumber(row.number),
                id: TicketId(row.id),
                title: row.title,
                requester_id: UserId(row.requester_id),
            })
            .collect();
        // Of equals the oldest comes first: it is the one that the others repeat.
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.number.cmp(&b.number)));
        hits.truncate(query.limit);
        Ok(hits)
    }

    async fn candidates(
        &self,
        query: &SimilarQuery<'_>,
        index: &Index,
        asked: &Asked<'_>,
    ) -> Result<Vec<CandidateRow>> {
        let mut numbers: HashSet<i64> = self.by_words(query, asked).await?.into_iter().collect();
        let found = query
            .meaning
            .map(|meaning| index.vectors.nearest(&sign_code(&meaning.whole), BY_MEANING));
        numbers.extend(found.iter().flat_map(|found| &found.keys));
        let rows = self.candidate_rows(query.visibility, numbers).await?;
        if let Some(found) = found {
            let there: HashSet<_> = rows.iter().map(|row| row.number).collect();
            let absent = found.keys.iter().filter(|n| !there.contains(*n)).copied();
            index.vectors.forget(&self.gone(absent.collect()).await?, &found);
        }
        Ok(rows)
    }

    /// Which of these tickets are gone: a replica may not have yet what the index has.
    async fn gone(&self, mut absent: HashSet<i64>) -> Result<HashSet<i64>> {
        if !absent.is_empty() {
            let numbers: Vec<i64> = absent.iter().copied().collect();
            let mut select = tickets(Visibility::All);
            select.column(("t", "number")).and_where(dialect::is_one_of(
                self.engine(),
                "t.number",
                &numbers,
            ));
            for row in self.primary().query_all(&select).await? {
                absent.remove(&row.try_get_by_index(0)?);
            }
        }
        Ok(absent)
    }

    /// Nobody has so many tickets that they could not be gone through one by one.
    async fn own_candidates(
        &self,
        query: &SimilarQuery<'_>,
        me: UserId,
        index: &Index,
        asked: &Asked<'_>,
    ) -> Result<Vec<CandidateRow>> {
        let mut own = tickets(query.visibility);
        own.column(("t", "number"))
            .and_where(Expr::col(("t", "requester_id")).eq(me.0))
            .order_by(("t", "created_at"), Order::Desc)
            .order_by(("t", "number"), Order::Desc)
            .limit(OWN_TICKETS);
        let own = self.numbers(&own).await?;
        let numbers = match query.meaning {
            _ if own.len() <= BY_MEANING => own.into_iter().collect(),
            meaning => {
                let mut numbers: HashSet<_> =
                    self.by_words(query, asked).await?.into_iter().collect();
                if let Some(meaning) = meaning {
                    let code = sign_code(&meaning.whole);
                    numbers.extend(index.vectors.nearest_among(&own, &code, BY_MEANING));
                }
                numbers
            }
        };
        self.candidate_rows(query.visibility, numbers).await
    }

    /// The tickets that are most alike by their words, among the newest that share rare ones.
    async fn by_words(&self, query: &SimilarQuery<'_>, asked: &Asked<'_>) -> Result<Vec<i64>> {
        let words = asked.weights.telling(&telling_terms(query.title), &telling_terms(query.text));
        if words.is_empty() {
            return Ok(Vec::new());
        }
        // Comments are no part of the comparison, but to leave them out here would make PostgreSQL
        // read every text that has a word.
        let within = Within::Tickets { reach: Reach::Everywhere, beyond: None };
        let mut select = tickets(query.visibility);
        select
            .column(("t", "number"))
            .column(("w", "terms"))
            .and_where(full_text::text_match(self.engine(), &alone(words), within, Need::Any))
            // An order that no index has: else tickets would be walked through from the newest on.
            .order_by_expr(Expr::cust("-t.number"), Order::Asc)
            .limit(SHARING_WORDS);
        with_table(&mut select, JoinType::InnerJoin, "ticket_terms", "w");
        let rows = self.reader().query_all(&select).await?;
        let mut found = rows
            .iter()
            .map(|row| {
                let terms = TermSet::from_bytes(&row.try_get_by_index::<Vec<u8>>(1)?);
                Ok((asked.terms.likeness(&terms, asked.weights), row.try_get_by_index(0)?))
            })
            .collect::<Result<Vec<(f64, i64)>>>()?;
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(found.into_iter().take(BY_WORDS).map(|(_, number)| number).collect())
    }

    async fn numbers(&self, select: &SelectStatement) -> Result<Vec<i64>> {
        let rows = self.reader().query_all(select).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    async fn candidate_rows(
        &self,
        visibility: Visibility,
        numbers: HashSet<i64>,
    ) -> Result<Vec<CandidateRow>> {
        let numbers: Vec<i64> = numbers.into_iter().collect();
        let mut select = tickets(visibility);
        select
            .columns(["number", "id", "title", "requester_id"].map(|c| ("t", c)))
            .expr_as(Expr::col(("v", "title")), "title_vector")
            .expr_as(Expr::col(("v", "whole")), "whole_vector")
            .column(("w", "terms"))
            .and_where(dialect::is_one_of(self.engine(), "t.number", &numbers));
        with_table(&mut select, JoinType::LeftJoin, "ticket_vectors", "v");
        with_table(&mut select, JoinType::LeftJoin, "ticket_terms", "w");
        let rows = self.reader().query_all(&select).await?;
        rows.iter().map(|row| Ok(CandidateRow::from_query_result(row, "")?)).collect()
    }
}

/// What is asked of any ticket that a search may show.
fn tickets(visibility: Visibility) -> SelectStatement {
    let mut select = Query::select();
    select.from_as("tickets", "t");
    if let Visibility::Own(me) = visibility {
        select.and_where(Expr::col(("t", "requester_id")).eq(me.0));
    }
    select
}

fn with_table(
    select: &mut SelectStatement,
    join: JoinType,
    table: &'static str,
    alias: &'static str,
) {
    let on = Expr::col((alias, "ticket_number")).equals(("t", "number"));
    select.join_as(join, table, alias, on);
}

impl Asked<'_> {
    /// How likely a ticket is about the same thing. The constants come from a logistic regression
    /// over the ten best candidates of each of the 100 labelled reports, of which 12 in 100 are
    /// true; the trackers know of fewer duplicates than there are.
    fn score(&self, row: &CandidateRow) -> f64 {
        let words = row
            .terms
            .as_deref()
            .map_or(0.0, |terms| self.terms.likeness(&TermSet::from_bytes(terms), self.weights));
        let vector = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(Vector::from_bytes);
        let their = vector(&row.title_vector).zip(vector(&row.whole_vector));
        let Some((mine, (title, whole))) = self.meaning.zip(their) else {
            return logistic(5.1 * words - 3.5);
        };
        let meaning = 0.75 * f64::from(mine.whole.cosine(&whole))
            + 0.25 * f64::from(mine.title.cosine(&whole))
            + 0.25 * f64::from(mine.whole.cosine(&title));
        // Words say more than meaning where there are many of them: names, codes, stack frames. The
        // few of a chat message say less.
        let many = f64::from(u32::try_from(self.terms.len()).unwrap_or(u32::MAX)) / 20.0;
        let trust = 1.5 * many.min(1.0);
        logistic(7.0 * (meaning + trust * words) / (1.25 + trust) - 5.1)
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
