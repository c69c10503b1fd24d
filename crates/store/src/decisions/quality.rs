//! What people made of decisions.

use atc_core::{
    agent::{AgentName, ModelRef},
    category::Slug,
    decision::Outcome,
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

use super::{Decisions, slug};
use crate::Result;

/// What became of a decision about a category, by the ticket as it stands: a person's word counts, and a
/// ticket that was resolved with the category in place counts as kept.
const OUTCOME: &str = "CASE \
     WHEN d.reverted_at IS NOT NULL THEN 'changed' \
     WHEN t.category_by_person AND t.category = d.category THEN 'kept' \
     WHEN t.category_by_person THEN 'changed' \
     WHEN t.status IN ('resolved', 'closed') THEN 'kept' \
     ELSE 'open' END";

/// Which decisions are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityFilter {
    /// Of this agent.
    pub agent: Option<AgentName>,
    /// Written at this moment or later.
    pub after: DateTime<Utc>,
    /// Written before this moment.
    pub before: DateTime<Utc>,
    /// Beside the live agent, or live.
    pub shadow: bool,
    /// The newest so many.
    pub limit: u64,
}

/// A decision about a category, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityRow {
    /// Who decided.
    pub agent: String,
    /// Who answered.
    pub provider: String,
    /// With which model.
    pub model: String,
    /// With which instructions.
    pub prompt_version: String,
    /// What was decided.
    pub category: Slug,
    /// What the ticket's category is now.
    pub present: Slug,
    /// The probability that was given.
    pub confidence: f64,
    /// When.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// For a decision beside the live agent: what the live one decided of the same ticket last.
    pub live: Option<Slug>,
}

/// How often a language model's own word stood, before any vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModelRecord {
    /// How often people kept it.
    pub right: u64,
    /// How often a person decided otherwise.
    pub wrong: u64,
}

#[derive(FromQueryResult)]
struct Row {
    agent: String,
    provider: String,
    model: String,
    prompt_version: String,
    category: Option<String>,
    present: Option<String>,
    confidence: Option<f64>,
    at: DateTime<Utc>,
    outcome: String,
    live: Option<String>,
}

#[derive(FromQueryResult)]
struct RecordRow {
    kept: i64,
    n: i64,
}

impl<C: ConnectionTrait> Decisions<'_, C> {
    /// The newest decisions about categories, each with what became of it.
    pub async fn quality(&self, filter: &QualityFilter) -> Result<Vec<QualityRow>> {
        let mut values: Vec<Value> = vec![
            filter.shadow.into(),
            filter.after.into(),
            filter.before.into(),
            filter.limit.into(),
        ];
        let mut agent = "";
        if let Some(name) = filter.agent {
            values.push(name.as_str().into());
            agent = "AND d.agent = $5";
        }
        let sql = format!(
            "SELECT d.agent, d.provider, d.model, d.prompt_version, d.category, \
             t.category AS present, d.confidence, d.at, {OUTCOME} AS outcome, \
             CASE WHEN d.shadow THEN (SELECT l.category FROM ai_decisions l \
                 WHERE l.ticket_number = d.ticket_number AND NOT l.shadow \
                 AND l.category IS NOT NULL ORDER BY l.number DESC LIMIT 1) END AS live \
             FROM ai_decisions d JOIN tickets t ON t.number = d.ticket_number \
             WHERE d.category IS NOT NULL AND d.shadow = $1 AND d.at >= $2 AND d.at < $3 {agent} \
             ORDER BY d.at DESC, d.number DESC LIMIT $4"
        );
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        let rows = Row::find_by_statement(statement).all(self.0).await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let (category, present) = (slug(row.category)?, slug(row.present)?);
            let (Some(category), Some(present)) = (category, present) else { continue };
            read.push(QualityRow {
                agent: row.agent,
                provider: row.provider,
                model: row.model,
                prompt_version: row.prompt_version,
                category,
                present,
                confidence: row.confidence.unwrap_or(0.0),
                at: row.at,
                outcome: match row.outcome.as_str() {
                    "kept" => Outcome::Kept,
                    "changed" => Outcome::Changed,
                    _ => Outcome::Open,
                },
                live: slug(row.live)?,
            });
        }
        Ok(read)
    }

    /// How often the word of a model with these instructions stood, by its newest `limit` decisions on
    /// tickets that people settled.
    pub async fn record_of(
        &self,
        model: &ModelRef,
        prompt_version: &str,
        limit: u64,
    ) -> Result<ModelRecord> {
        let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN said = present THEN 1 ELSE 0 END), 0) AS bigint) \
             AS kept, count(*) AS n FROM (SELECT d.said, t.category AS present FROM ai_decisions d \
             JOIN tickets t ON t.number = d.ticket_number \
             WHERE d.said IS NOT NULL AND d.provider = $1 AND d.model = $2 AND d.prompt_version = $3 \
             AND (t.category_by_person OR t.status IN ('resolved', 'closed')) \
             ORDER BY d.number DESC LIMIT $4) settled";
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            sql,
            [
                model.provider.as_str().into(),
                model.model.as_str().into(),
                prompt_version.into(),
                limit.into(),
            ],
        );
        let row = RecordRow::find_by_statement(statement).one(self.0).await?;
        let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(row.map_or_else(ModelRecord::default, |row| ModelRecord {
            right: unsigned(row.kept),
            wrong: unsigned(row.n - row.kept),
        }))
    }
}
