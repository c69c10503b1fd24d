//! Tickets that are like a text.
//!
//! Who might be alike is found in two ways, by meaning in the index of sign codes and by rare words
//! in the full text; the exact vectors and words of these few decide. The formula was chosen on
//! duplicates that people had marked in the trackers of Hadoop and `SeaMonkey` (nDCG@10, in %):
//! cosine of the whole texts 57.6 and 72.1, words alone 72.7 and 75.4, this one 72.6 and 79.4.

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
    Need, Reach, TermSet, TermWeights, Within, index::Index, sign_code, telling_terms, terms,
};
use crate::{Result, Store, db::dialect};

/// How many tickets the index of meanings proposes. On the Hadoop duplicates 200 of 2,503 lose
/// nothing.
const BY_MEANING: usize = 300;
/// How many tickets shared words propose.
const BY_WORDS: u64 = 100;
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
        let weights = index.weights();
        let candidates = match query.visibility {
            Visibility::All => self.candidates(query, index, &weights).await?,
            Visibility::Own(me) => self.own_candidates(query, me, index, &weights).await?,
        };
        let text = TermSet::new(&terms(query.title), &terms(query.text));
        let mut hits: Vec<_> = candidates
            .into_iter()
            .filter(|row| query.exclude.is_none_or(|n| n.0 != row.number))
            .map(|row| SimilarHit {
                score: score(query.meaning, &text, &row, &weights),
                number: TicketNumber(row.number),
                id: TicketId(row.id),
                title: row.title,
                requester_id: UserId(row.requester_id),
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.number.cmp(&a.number)));
        hits.truncate(query.limit);
        Ok(hits)
    }

    async fn candidates(
        &self,
        query: &SimilarQuery<'_>,
        index: &Index,
        weights: &TermWeights,
    ) -> Result<Vec<CandidateRow>> {
        let mut numbers: HashSet<i64> = self.by_words(query, weights).await?.into_iter().collect();
        let found = query
            .meaning
            .map(|meaning| index.vectors.nearest(&sign_code(&meaning.whole), BY_MEANING));
        numbers.extend(found.iter().flat_map(|found| &found.keys));
        let rows = self.candidate_rows(query.visibility, numbers).await?;
        if let Some(found) = found {
            let there: HashSet<_> = rows.iter().map(|row| row.number).collect();
            let gone = found.keys.iter().filter(|n| !there.contains(*n)).copied().collect();
            index.vectors.forget(&gone, &found);
        }
        Ok(rows)
    }

    /// Nobody has so many tickets that they could not be gone through one by one.
    async fn own_candidates(
        &self,
        query: &SimilarQuery<'_>,
        me: UserId,
        index: &Index,
        weights: &TermWeights,
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
                    self.by_words(query, weights).await?.into_iter().collect();
                if let Some(meaning) = meaning {
                    let code = sign_code(&meaning.whole);
                    numbers.extend(index.vectors.nearest_among(&own, &code, BY_MEANING));
                }
                numbers
            }
        };
        self.candidate_rows(query.visibility, numbers).await
    }

    /// The newest tickets that share rare words with the text.
    async fn by_words(&self, query: &SimilarQuery<'_>, weights: &TermWeights) -> Result<Vec<i64>> {
        let words = weights.telling(&telling_terms(query.title), &telling_terms(query.text));
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = tickets(query.visibility);
        select
            .column(("t", "number"))
            .and_where(dialect::text_match(
                self.engine(),
                &words,
                Within::Tickets(Reach::Text),
                Need::Any,
            ))
            .order_by(("t", "number"), Order::Desc)
            .limit(BY_WORDS);
        self.numbers(&select).await
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
        for (table, alias) in [("ticket_vectors", "v"), ("ticket_terms", "w")] {
            let on = Expr::col((alias, "ticket_number")).equals(("t", "number"));
            select.join_as(JoinType::LeftJoin, table, alias, on);
        }
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

/// How likely a ticket is about the same thing as a text. The constants come from a logistic
/// regression over the ten best candidates of each of the 100 labelled reports, of which 12 in 100
/// are true; the trackers know of fewer duplicates than there are.
fn score(
    meaning: Option<&Meaning>,
    text: &TermSet,
    row: &CandidateRow,
    weights: &TermWeights,
) -> f64 {
    let words = row
        .terms
        .as_deref()
        .map_or(0.0, |terms| text.likeness(&TermSet::from_bytes(terms), weights));
    let vector = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(Vector::from_bytes);
    let their = vector(&row.title_vector).zip(vector(&row.whole_vector));
    match meaning.zip(their) {
        Some((mine, (title, whole))) => {
            let meaning = 0.75 * f64::from(mine.whole.cosine(&whole))
                + 0.25 * f64::from(mine.title.cosine(&whole))
                + 0.25 * f64::from(mine.whole.cosine(&title));
            // Words say more than meaning where there are many of them: names, codes, stack frames.
            // The twenty words of a chat message say less.
            let trust = 1.5 * (f64::from(u32::try_from(text.len()).unwrap_or(20)) / 20.0).min(1.0);
            logistic(7.0 * (meaning + trust * words) / (1.25 + trust) - 5.1)
        }
        None => logistic(5.1 * words - 3.5),
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
