//! What agents used, summed by day, agent, person and model.

use atc_core::{
    agent::{AgentName, ModelRef},
    chat::Usage,
    id::UserId,
};
use chrono::NaiveDate;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement,
};
use uuid::Uuid;

use crate::{Result, Store, Tx};

/// What agents used, seen through a connection or a transaction.
pub struct AiUsage<'a, C>(&'a C);

impl Store {
    /// What agents used.
    #[must_use]
    pub fn ai_usage(&self) -> AiUsage<'_, DatabaseConnection> {
        AiUsage(self.reader())
    }
}

impl Tx {
    /// What agents used.
    #[must_use]
    pub fn ai_usage(&self) -> AiUsage<'_, DatabaseTransaction> {
        AiUsage(&self.inner)
    }
}

/// What one call used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAiUsage {
    /// On which day, in UTC.
    pub day: NaiveDate,
    /// Who asked.
    pub agent: AgentName,
    /// On whose behalf; `None`: the program's own.
    pub person: Option<UserId>,
    /// Who was asked.
    pub model: ModelRef,
    /// Whether no answer came.
    pub failed: bool,
    /// The tokens.
    pub usage: Usage,
    /// What they cost, in millionths of the currency unit.
    pub cost_micros: u64,
}

/// Tokens, and millionths of the currency unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AmountUsed {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Millionths of the currency unit.
    pub cost_micros: u64,
}

/// What was used on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageTotals {
    /// By all agents.
    pub all: AmountUsed,
    /// By the agent that was asked for.
    pub agent: AmountUsed,
    /// On behalf of the person that was asked for.
    pub person: AmountUsed,
}

/// What one model was used for on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUsage {
    /// The day, as `2026-01-31`.
    pub day: String,
    /// The agent.
    pub agent: String,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Calls.
    pub calls: u64,
    /// Calls without an answer.
    pub errors: u64,
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
    /// Millionths of the currency unit.
    pub cost_micros: u64,
}

#[derive(FromQueryResult)]
struct TotalsRow {
    all_tokens: i64,
    all_cost: i64,
    agent_tokens: i64,
    agent_cost: i64,
    person_tokens: i64,
    person_cost: i64,
}

#[derive(FromQueryResult)]
struct UsageRow {
    day: String,
    agent: String,
    provider: String,
    model: String,
    calls: i64,
    errors: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_micros: i64,
}

impl<C: ConnectionTrait> AiUsage<'_, C> {
    /// What was used on a day: by all, by this agent, on behalf of this person.
    pub async fn totals(
        &self,
        day: NaiveDate,
        agent: AgentName,
        person: Option<UserId>,
    ) -> Result<UsageTotals> {
        let sum = |name: &str, of: &str, when: &str| {
            format!(
                "CAST(COALESCE(SUM(CASE WHEN {when} THEN {of} ELSE 0 END), 0) AS bigint) AS {name}"
            )
        };
        let (tokens, cost) = ("input_tokens + output_tokens", "cost_micros");
        let columns = [
            sum("all_tokens", tokens, "true"),
            sum("all_cost", cost, "true"),
            sum("agent_tokens", tokens, "agent = $2"),
            sum("agent_cost", cost, "agent = $2"),
            sum("person_tokens", tokens, "person_id = $3"),
            sum("person_cost", cost, "person_id = $3"),
        ];
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            format!("SELECT {} FROM ai_usage WHERE day = $1", columns.join(", ")),
            [day.to_string().into(), agent.as_str().into(), id_of(person).into()],
        );
        let Some(row) = TotalsRow::find_by_statement(statement).one(self.0).await? else {
            return Ok(UsageTotals::default());
        };
        let amount = |tokens, cost| AmountUsed { tokens: count(tokens), cost_micros: count(cost) };
        Ok(UsageTotals {
            all: amount(row.all_tokens, row.all_cost),
            agent: amount(row.agent_tokens, row.agent_cost),
            person: amount(row.person_tokens, row.person_cost),
        })
    }

    /// What each model was used for since a day, newest first.
    pub async fn by_model(&self, since: NaiveDate) -> Result<Vec<ModelUsage>> {
        let sums = ["calls", "errors", "input_tokens", "output_tokens", "cost_micros"]
            .map(|name| format!("CAST(SUM({name}) AS bigint) AS {name}"));
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            format!(
                "SELECT day, agent, provider, model, {} FROM ai_usage WHERE day >= $1 \
                 GROUP BY day, agent, provider, model ORDER BY day DESC, agent, provider, model",
                sums.join(", ")
            ),
            [since.to_string().into()],
        );
        let rows = UsageRow::find_by_statement(statement).all(self.0).await?;
        let usage = |row: UsageRow| ModelUsage {
            day: row.day,
            agent: row.agent,
            provider: row.provider,
            model: row.model,
            calls: count(row.calls),
            errors: count(row.errors),
            input_tokens: count(row.input_tokens),
            output_tokens: count(row.output_tokens),
            cost_micros: count(row.cost_micros),
        };
        Ok(rows.into_iter().map(usage).collect())
    }
}

impl AiUsage<'_, DatabaseTransaction> {
    /// Adds what one call used.
    pub async fn add(&self, new: &NewAiUsage) -> Result<()> {
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "INSERT INTO ai_usage (day, agent, person_id, provider, model, calls, errors, \
                 input_tokens, output_tokens, cost_micros) VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9) \
                 ON CONFLICT (day, agent, person_id, provider, model) DO UPDATE SET \
                 calls = ai_usage.calls + 1, errors = ai_usage.errors + excluded.errors, \
                 input_tokens = ai_usage.input_tokens + excluded.input_tokens, \
                 output_tokens = ai_usage.output_tokens + excluded.output_tokens, \
                 cost_micros = ai_usage.cost_micros + excluded.cost_micros",
                [
                    new.day.to_string().into(),
                    new.agent.as_str().into(),
                    id_of(new.person).into(),
                    new.model.provider.as_str().into(),
                    new.model.model.as_str().into(),
                    i64::from(new.failed).into(),
                    i64::from(new.usage.input_tokens).into(),
                    i64::from(new.usage.output_tokens).into(),
                    i64::try_from(new.cost_micros).unwrap_or(i64::MAX).into(),
                ],
            ))
            .await?;
        Ok(())
    }
}

/// The program itself has no account; a key has no null.
fn id_of(person: Option<UserId>) -> Uuid {
    person.map_or(Uuid::nil(), |id| id.0)
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
