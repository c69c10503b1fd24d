//! The decision ledger.

mod quality;

use std::fmt::Write as _;

use atc_core::{
    agent::AgentName,
    category::Slug,
    chat::Usage,
    decision::{Decision, DecisionAction, Undo},
    id::{DecisionId, TicketNumber, UserId},
    json::RawJson,
    page::{Page, PageRequest},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

pub use quality::{ModelRecord, QualityFilter, QualityRow};

use crate::{Result, Store, StoreError, Tx, db::dialect};

/// Where a decision stands in the ledger.
pub type DecisionPosition = i64;

/// The decision ledger, seen through a connection or a transaction.
pub struct Decisions<'a, C>(&'a C);

impl Store {
    /// The decision ledger.
    #[must_use]
    pub fn decisions(&self) -> Decisions<'_, DatabaseConnection> {
        Decisions(self.reader())
    }
}

impl Tx {
    /// The decision ledger.
    #[must_use]
    pub fn decisions(&self) -> Decisions<'_, DatabaseTransaction> {
        Decisions(&self.inner)
    }
}

/// Which decisions are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// Of this agent.
    pub agent: Option<AgentName>,
    /// Of this kind.
    pub action: Option<DecisionAction>,
    /// On this ticket.
    pub ticket: Option<TicketNumber>,
    /// In this conversation.
    pub conversation: Option<Uuid>,
    /// By this provider.
    pub provider: Option<String>,
    /// With this model.
    pub model: Option<String>,
    /// Beside the live agent, or live.
    pub shadow: Option<bool>,
    /// Put back, or not.
    pub reverted: Option<bool>,
    /// Written at this moment or later.
    pub after: Option<DateTime<Utc>>,
    /// Written before this moment.
    pub before: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "number, id, at, agent, action, ticket_number, conversation_id, person_id, provider, \
     model, prompt_version, input_digest, output, category, said, confidence, took_ms, input_tokens, \
     output_tokens, cost_micros, degraded, shadow, evidence, undo, reverted_at, reverted_by";

#[derive(FromQueryResult)]
struct Row {
    number: i64,
    id: Uuid,
    at: DateTime<Utc>,
    agent: String,
    action: String,
    ticket_number: Option<i64>,
    conversation_id: Option<Uuid>,
    person_id: Option<Uuid>,
    provider: String,
    model: String,
    prompt_version: String,
    input_digest: Vec<u8>,
    output: String,
    category: Option<String>,
    said: Option<String>,
    confidence: Option<f64>,
    took_ms: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_micros: i64,
    degraded: bool,
    shadow: bool,
    evidence: String,
    undo: Option<String>,
    reverted_at: Option<DateTime<Utc>>,
    reverted_by: Option<Uuid>,
}

impl<C: ConnectionTrait> Decisions<'_, C> {
    /// Decisions, newest first.
    pub async fn list(
        &self,
        filter: &DecisionFilter,
        page: PageRequest<DecisionPosition>,
    ) -> Result<Page<Decision, DecisionPosition>> {
        let (mut wanted, mut values) = conditions(filter);
        let total = if page.include_total {
            let sql = format!("SELECT count(*) FROM ai_decisions WHERE {wanted}");
            let row = self.0.query_one_raw(self.statement(&sql, values.clone())).await?;
            let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
            Some(u64::try_from(count).unwrap_or(0))
        } else {
            None
        };
        if let Some(after) = page.after {
            values.push(after.into());
            // Writing to a String cannot fail.
            let _ = write!(wanted, " AND number < ${}", values.len());
        }
        values.push((page.limit.get() + 1).into());
        let n = values.len();
        let sql = format!(
            "SELECT {COLUMNS} FROM ai_decisions WHERE {wanted} ORDER BY number DESC LIMIT ${n}"
        );
        let rows = Row::find_by_statement(self.statement(&sql, values)).all(self.0).await?;
        let page = Page::from_surplus(rows, page.limit, |row| row.number).with_total(total);
        let (next, total) = (page.next, page.total);
        let items = page.items.into_iter().map(decision).collect::<Result<Vec<_>>>()?;
        Ok(Page { items, next, total })
    }

    /// One decision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there.
    pub async fn get(&self, id: DecisionId) -> Result<Decision> {
        self.find(id, "").await
    }

    async fn find(&self, id: DecisionId, held: &str) -> Result<Decision> {
        let sql = format!("SELECT {COLUMNS} FROM ai_decisions WHERE id = $1 {held}");
        let row = Row::find_by_statement(self.statement(&sql, vec![id.0.into()]));
        let row = row.one(self.0).await?.ok_or(StoreError::NotFound("decision"))?;
        decision(row)
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

impl Decisions<'_, DatabaseTransaction> {
    /// One decision, held until this transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there.
    pub async fn get_for_update(&self, id: DecisionId) -> Result<Decision> {
        self.find(id, dialect::hold_rows(self.0.get_database_backend())).await
    }

    /// Writes a decision down.
    pub async fn insert(&self, new: &Decision) -> Result<()> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let undo = new.undo.as_ref().map(serde_json::to_string).transpose();
        let undo = undo.map_err(|e| StoreError::unreadable("ai_decisions.undo", e))?;
        let values: Vec<Value> = vec![
            new.id.0.into(),
            new.at.into(),
            new.agent.as_str().into(),
            new.action.as_str().into(),
            new.ticket.map(|number| number.0).into(),
            new.conversation.into(),
            new.person.map(|id| id.0).into(),
            new.provider.as_str().into(),
            new.model.as_str().into(),
            new.prompt_version.as_str().into(),
            new.input_digest.clone().into(),
            new.output.as_str().into(),
            new.category.as_ref().map(|slug| slug.as_str().to_owned()).into(),
            new.said.as_ref().map(|slug| slug.as_str().to_owned()).into(),
            new.confidence.into(),
            signed(new.took_ms).into(),
            i64::from(new.usage.input_tokens).into(),
            i64::from(new.usage.output_tokens).into(),
            signed(new.cost_micros).into(),
            new.degraded.into(),
            new.shadow.into(),
            new.evidence.as_str().into(),
            undo.into(),
        ];
        let places: Vec<_> = (1..=values.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "INSERT INTO ai_decisions (id, at, agent, action, ticket_number, conversation_id, person_id, \
             provider, model, prompt_version, input_digest, output, category, said, confidence, took_ms, \
             input_tokens, output_tokens, cost_micros, degraded, shadow, evidence, undo) VALUES ({})",
            places.join(", ")
        );
        self.0.execute_raw(self.statement(&sql, values)).await?;
        Ok(())
    }

    /// Notes that a decision was put back.
    pub async fn set_reverted(&self, id: DecisionId, by: UserId, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE ai_decisions SET reverted_at = $2, reverted_by = $3 WHERE id = $1";
        let values = vec![id.0.into(), now.into(), by.0.into()];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }
}

fn conditions(filter: &DecisionFilter) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut wanted = "1 = 1".to_owned();
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        // Writing to a String cannot fail.
        let _ = write!(wanted, " AND {condition} ${}", values.len());
    };
    if let Some(agent) = filter.agent {
        add("agent =", agent.as_str().into());
    }
    if let Some(action) = filter.action {
        add("action =", action.as_str().into());
    }
    if let Some(ticket) = filter.ticket {
        add("ticket_number =", ticket.0.into());
    }
    if let Some(conversation) = filter.conversation {
        add("conversation_id =", conversation.into());
    }
    if let Some(provider) = &filter.provider {
        add("provider =", provider.as_str().into());
    }
    if let Some(model) = &filter.model {
        add("model =", model.as_str().into());
    }
    if let Some(shadow) = filter.shadow {
        add("shadow =", shadow.into());
    }
    if let Some(after) = filter.after {
        add("at >=", after.into());
    }
    if let Some(before) = filter.before {
        add("at <", before.into());
    }
    match filter.reverted {
        Some(true) => wanted.push_str(" AND reverted_at IS NOT NULL"),
        Some(false) => wanted.push_str(" AND reverted_at IS NULL"),
        None => {}
    }
    (wanted, values)
}

fn decision(row: Row) -> Result<Decision> {
    let agent = AgentName::parse(&row.agent)
        .ok_or_else(|| StoreError::unreadable("ai_decisions.agent", &row.agent))?;
    let action = DecisionAction::parse(&row.action)
        .ok_or_else(|| StoreError::unreadable("ai_decisions.action", &row.action))?;
    let undo = row.undo.as_deref().map(serde_json::from_str::<Undo>).transpose();
    let undo = undo.map_err(|e| StoreError::unreadable("ai_decisions.undo", e))?;
    let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
    let tokens = |n: i64| u32::try_from(n).unwrap_or(0);
    let reverted = row.reverted_at.zip(row.reverted_by.map(UserId));
    Ok(Decision {
        id: DecisionId(row.id),
        at: row.at,
        agent,
        action,
        ticket: row.ticket_number.map(TicketNumber),
        conversation: row.conversation_id,
        person: row.person_id.map(UserId),
        provider: row.provider,
        model: row.model,
        prompt_version: row.prompt_version,
        input_digest: row.input_digest,
        output: RawJson::trusted(row.output),
        category: slug(row.category)?,
        said: slug(row.said)?,
        confidence: row.confidence,
        took_ms: unsigned(row.took_ms),
        usage: Usage {
            input_tokens: tokens(row.input_tokens),
            output_tokens: tokens(row.output_tokens),
        },
        cost_micros: unsigned(row.cost_micros),
        degraded: row.degraded,
        shadow: row.shadow,
        evidence: RawJson::trusted(row.evidence),
        undo,
        reverted,
    })
}

fn slug(text: Option<String>) -> Result<Option<Slug>> {
    let slug = text.map(Slug::parse).transpose();
    slug.map_err(|e| StoreError::unreadable("ai_decisions.category", e))
}
