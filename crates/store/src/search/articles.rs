//! Articles that answer a text.
//!
//! A question is answered by the passage that is nearest in meaning; words help where passages are
//! about equally near. Words alone do badly on natural questions.

use std::collections::{HashMap, HashSet};

use atc_core::{
    article::{ArticleHit, SearchMode},
    id::ArticleId,
    vector::Vector,
};
use sea_orm::{
    ConnectionTrait, FromQueryResult, JoinType, Order,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    Need, TermSet, TermWeights, TextQuery, Within, alone,
    index::{Index, article_of},
    sign_code, snippet, telling_terms,
};
use crate::{
    Result, Store,
    articles::only_published,
    db::{dialect, full_text},
};

/// How many passages the index of meanings proposes.
const BY_MEANING: usize = 300;
/// How many articles these may belong to.
const MAX_BY_MEANING: usize = 100;
/// How many articles shared words propose.
const BY_WORDS: u64 = 200;
/// How much of the way from its nearness in meaning to certainty an article gains when its title has
/// all words of the question.
const WORDS_GAIN: f64 = 0.2;
/// What shared words are worth beside others' nearness while an article's own is not known.
const WORDS_ALONE: f64 = 0.7;
/// What is less near, and shares no word, is no answer. Of CLINC150's questions 99 % are nearer to
/// some intent's description, and 56 % of those that no intent answers.
const LEAST_NEAR: f64 = 0.25;

/// A question to the knowledge base.
#[derive(Debug, Clone, Copy)]
pub struct ArticleQuery<'a> {
    /// Its words.
    pub text: &'a str,
    /// Its meaning, where there is an embedding model.
    pub vector: Option<&'a Vector>,
    /// How to search.
    pub mode: SearchMode,
    /// Whether drafts are found as well.
    pub drafts: bool,
    /// How many at most.
    pub limit: usize,
}

/// A question, ready to be compared.
struct Question<'a> {
    query: &'a ArticleQuery<'a>,
    /// Its words but those that say nothing.
    terms: TermSet,
    weights: &'a TermWeights,
}

#[derive(FromQueryResult)]
struct CandidateRow {
    number: i64,
    id: uuid::Uuid,
    title: String,
    terms: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct PassageRow {
    article_number: i64,
    text: String,
    vector: Option<Vec<u8>>,
}

/// An article that may be shown.
struct Candidate {
    row: CandidateRow,
    score: f64,
}

impl Store {
    /// The articles that answer best, best first. `Semantic` finds nothing without a vector, and
    /// `Hybrid` makes do with the words then.
    pub async fn search_articles(&self, query: &ArticleQuery<'_>) -> Result<Vec<ArticleHit>> {
        let index = self.refreshed_articles().await?;
        let weights = index.weights();
        let telling = telling_terms(query.text);
        let question = Question { query, terms: TermSet::new(&[], &telling), weights: &weights };
        let vector = query.vector.filter(|_| query.mode != SearchMode::Keyword);
        let mut numbers = match (query.mode, vector) {
            (SearchMode::Semantic, _) => HashSet::new(),
            (SearchMode::Hybrid, Some(_)) => {
                let telling = alone(weights.telling(&[], &telling));
                self.articles_with(query, &telling, Need::Any).await?
            }
            (SearchMode::Hybrid | SearchMode::Keyword, _) => {
                self.articles_by_words(query, &weights, &telling).await?
            }
        };
        if let Some(vector) = vector {
            numbers.extend(articles_near(index, vector));
        }
        let numbers: Vec<i64> = numbers.into_iter().collect();
        let rows = self.article_rows(query, &numbers).await?;
        let nearness = match vector {
            Some(vector) => self.nearness(vector, &numbers).await?,
            None => HashMap::new(),
        };
        let mut found: Vec<_> = rows
            .into_iter()
            .filter_map(|row| {
                let score = question.score(&row, nearness.get(&row.number).copied())?;
                Some(Candidate { row, score })
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.row.number.cmp(&a.row.number)));
        found.truncate(query.limit);
        self.with_snippets(found, &question).await
    }

    /// The articles that have all words, or, where there are none, those that have some.
    async fn articles_by_words(
        &self,
        query: &ArticleQuery<'_>,
        weights: &TermWeights,
        telling: &[String],
    ) -> Result<HashSet<i64>> {
        let all = TextQuery::parse(query.text);
        let with_all = self.articles_with(query, &all.alternatives(), Need::All).await?;
        if !with_all.is_empty() || all.len() < 2 {
            return Ok(with_all);
        }
        self.articles_with(query, &alone(weights.telling(&[], telling)), Need::Any).await
    }

    async fn articles_with(
        &self,
        query: &ArticleQuery<'_>,
        words: &[Vec<String>],
        need: Need,
    ) -> Result<HashSet<i64>> {
        if words.is_empty() {
            return Ok(HashSet::new());
        }
        let mut select = Query::select();
        select
            .column(("k", "number"))
            .from_as("articles", "k")
            .and_where(full_text::text_match(self.engine(), words, Within::Articles, need))
            .order_by(("k", "number"), Order::Desc)
            .limit(BY_WORDS);
        only_published(&mut select, query.drafts);
        let rows = self.reader().query_all(&select).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    async fn article_rows(
        &self,
        query: &ArticleQuery<'_>,
        numbers: &[i64],
    ) -> Result<Vec<CandidateRow>> {
        let mut select = Query::select();
        select
            .columns(["number", "id", "title"].map(|c| ("k", c)))
            .column(("w", "terms"))
            .from_as("articles", "k")
            .join_as(
                JoinType::LeftJoin,
                "article_terms",
                "w",
                Expr::col(("w", "article_number")).equals(("k", "number")),
            )
            .and_where(dialect::is_one_of(self.engine(), "k.number", numbers));
        only_published(&mut select, query.drafts);
        let rows = self.reader().query_all(&select).await?;
        rows.iter().map(|row| Ok(CandidateRow::from_query_result(row, "")?)).collect()
    }

    /// How near each article comes to a meaning, by its nearest passage.
    async fn nearness(&self, vector: &Vector, numbers: &[i64]) -> Result<HashMap<i64, f64>> {
        let mut nearness: HashMap<i64, f64> = HashMap::new();
        for row in self.passages(numbers, "''").await? {
            if let Some(cosine) = row.cosine(vector) {
                let best = nearness.entry(row.article_number).or_insert(cosine);
                *best = best.max(cosine);
            }
        }
        Ok(nearness)
    }

    /// The passages of these articles, in order. Those of an older text are left out: what was
    /// deleted from an article must not be found, nor shown.
    async fn passages(&self, numbers: &[i64], text: &'static str) -> Result<Vec<PassageRow>> {
        let mut select = Query::select();
        select
            .columns(["article_number", "vector"].map(|c| ("p", c)))
            .expr_as(Expr::cust(text), "text")
            .from_as("article_passages", "p")
            .join_as(
                JoinType::InnerJoin,
                "articles",
                "k",
                Expr::col(("k", "number")).equals(("p", "article_number")),
            )
            .and_where(dialect::is_one_of(self.engine(), "p.article_number", numbers))
            .and_where(Expr::col(("k", "indexed_version")).equals(("k", "text_version")))
            .order_by(("p", "article_number"), Order::Asc)
            .order_by(("p", "ordinal"), Order::Asc);
        let rows = self.reader().query_all(&select).await?;
        rows.iter().map(|row| Ok(PassageRow::from_query_result(row, "")?)).collect()
    }

    async fn with_snippets(
        &self,
        found: Vec<Candidate>,
        question: &Question<'_>,
    ) -> Result<Vec<ArticleHit>> {
        let numbers: Vec<i64> = found.iter().map(|c| c.row.number).collect();
        let mut passages: HashMap<i64, Vec<PassageRow>> = HashMap::new();
        for passage in self.passages(&numbers, "p.text").await? {
            passages.entry(passage.article_number).or_default().push(passage);
        }
        let mut hits = Vec::with_capacity(found.len());
        for Candidate { row, score } in found {
            let best = passages.remove(&row.number).and_then(|p| question.best_passage(&row, p));
            let text = match best {
                Some(passage) => passage.text,
                None => snippet::plain(&self.article_body(row.number).await?),
            };
            let snippet = snippet::snippet(&text, &question.terms, question.weights);
            hits.push(ArticleHit { id: ArticleId(row.id), title: row.title, score, snippet });
        }
        Ok(hits)
    }

    async fn article_body(&self, number: i64) -> Result<String> {
        let mut select = Query::select();
        select.column("body").from("articles").and_where(Expr::col("number").eq(number));
        let row = self.reader().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }
}

/// The articles of the nearest passages.
fn articles_near(index: &Index, vector: &Vector) -> Vec<i64> {
    let mut seen = HashSet::new();
    let nearest = index.vectors.nearest(&sign_code(vector), BY_MEANING);
    let mut articles: Vec<_> = nearest.keys.into_iter().map(article_of).collect();
    articles.retain(|number| seen.insert(*number));
    articles.truncate(MAX_BY_MEANING);
    articles
}

impl PassageRow {
    fn cosine(&self, vector: &Vector) -> Option<f64> {
        Some(f64::from(vector.cosine(&Vector::from_bytes(self.vector.as_deref()?)?)).max(0.0))
    }
}

impl Question<'_> {
    fn coverage(&self, text: &TermSet) -> f64 {
        text.coverage(&self.terms, self.weights)
    }

    /// How well an article fits, 0 to 1; `None` when it does not.
    fn score(&self, row: &CandidateRow, near: Option<f64>) -> Option<f64> {
        let words =
            row.terms.as_deref().map_or(0.0, |terms| self.coverage(&TermSet::from_bytes(terms)));
        let score = match (self.query.mode, near) {
            (SearchMode::Semantic, near) => near?,
            (SearchMode::Hybrid, Some(near)) => near + WORDS_GAIN * words * (1.0 - near),
            (SearchMode::Hybrid, None) if self.query.vector.is_some() => WORDS_ALONE * words,
            (SearchMode::Hybrid | SearchMode::Keyword, _) => words,
        };
        let answers = words > 0.0 && self.query.mode != SearchMode::Semantic;
        (answers || near.is_some_and(|near| near >= LEAST_NEAR)).then_some(score.min(1.0))
    }

    /// The passage to be shown: the nearest, where there are vectors, or else the one that says most
    /// of the question. A passage that only repeats the title shows nothing new.
    fn best_passage(&self, row: &CandidateRow, passages: Vec<PassageRow>) -> Option<PassageRow> {
        let vector = self.query.vector.filter(|_| self.query.mode != SearchMode::Keyword);
        let fitness = |passage: &PassageRow| {
            let near = vector.and_then(|vector| passage.cosine(vector)).unwrap_or(0.0);
            let terms = TermSet::new(&[], &super::terms(&passage.text));
            near + WORDS_GAIN * self.coverage(&terms)
        };
        passages
            .into_iter()
            .map(|passage| (passage.text != row.title, fitness(&passage), passage))
            .reduce(|best, next| {
                let better = next.0.cmp(&best.0).then(next.1.total_cmp(&best.1)).is_gt();
                if better { next } else { best }
            })
            .map(|(_, _, passage)| passage)
    }
}
