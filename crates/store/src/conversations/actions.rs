//! What the agent did in conversations, and what it proposes.

use atc_core::{
    conversation::{ActionState, AgentAction},
    id::{AgentActionId, ConversationId, TicketNumber},
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Value};

use super::{Conversations, named};
use crate::{Result, StoreError, db::dialect};

/// An action as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAction {
    /// The action.
    pub action: AgentAction,
    /// In which turn it came up.
    pub turn: u32,
    /// Whose model proposed it.
    pub provider: String,
    /// Which model.
    pub model: String,
}

/// An action to be written down.
#[derive(Debug, Clone)]
pub struct NewAction<'a> {
    /// The action; of its ticket the number counts.
    pub action: &'a AgentAction,
    /// The number of its ticket.
    pub ticket: Option<TicketNumber>,
    /// In which turn it came up.
    pub turn: u32,
    /// Which one of that turn.
    pub place: u32,
    /// Whose model proposed it.
    pub provider: &'a str,
    /// Which model.
    pub model: &'a str,
}

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    turn: i32,
    state: String,
    draft: String,
    detail: Option<String>,
    provider: String,
    model: String,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    ticket_id: Option<uuid::Uuid>,
    ticket_number: Option<i64>,
    ticket_title: Option<String>,
}

const SELECT: &str = "SELECT a.id, a.turn, a.state, a.draft, a.detail, a.provider, a.model, \
     a.created_at, a.settled_at, t.id AS ticket_id, t.number AS ticket_number, \
     t.title AS ticket_title FROM conversation_actions a \
     LEFT JOIN tickets t ON t.number = a.ticket_number WHERE a.conversation_id = $1";

impl<C: ConnectionTrait> Conversations<'_, C> {
    /// Everything that was done or proposed in a conversation, in order.
    pub async fn actions(&self, id: ConversationId) -> Result<Vec<StoredAction>> {
        let sql = format!("{SELECT} ORDER BY a.turn, a.place");
        self.stored(sql, vec![id.0.into()]).await
    }

    /// One action of a conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn action(&self, of: ConversationId, id: AgentActionId) -> Result<StoredAction> {
        let sql = format!("{SELECT} AND a.id = $2");
        let found = self.stored(sql, vec![of.0.into(), id.0.into()]).await?.pop();
        found.ok_or(StoreError::NotFound("action"))
    }

    async fn stored(&self, sql: String, values: Vec<Value>) -> Result<Vec<StoredAction>> {
        let rows = Row::find_by_statement(self.statement(sql, values)).all(self.0).await?;
        rows.into_iter().map(stored).collect()
    }
}

impl Conversations<'_, DatabaseTransaction> {
    /// One action of a conversation; nobody else changes it until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn action_for_update(
        &self,
        of: ConversationId,
        id: AgentActionId,
    ) -> Result<StoredAction> {
        let hold = dialect::hold_rows(self.0.get_database_backend());
        let sql = format!("SELECT id FROM conversation_actions WHERE id = $1 {hold}");
        self.0.query_one_raw(self.statement(sql, vec![id.0.into()])).await?;
        self.action(of, id).await
    }

    /// Writes an action down.
    pub async fn insert_action(&self, to: ConversationId, new: &NewAction<'_>) -> Result<()> {
        let action = new.action;
        let draft = serde_json::to_string(&action.draft)
            .map_err(|e| StoreError::unreadable("conversation_actions.draft", e))?;
        let sql = "INSERT INTO conversation_actions (id, conversation_id, turn, place, state, \
             kind, draft, ticket_number, detail, provider, model, created_at, settled_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let values = vec![
            action.id.0.into(),
            to.0.into(),
            i64::from(new.turn).into(),
            i64::from(new.place).into(),
            action.state.as_str().into(),
            action.draft.kind().into(),
            draft.into(),
            new.ticket.map(|n| n.0).into(),
            action.detail.clone().into(),
            new.provider.into(),
            new.model.into(),
            action.created_at.into(),
            action.settled_at.into(),
        ];
        self.execute(sql, values).await?;
        Ok(())
    }

    /// Brings an action from one state to another, unless it is in a third one by now: then it answers
    /// `false`. A ticket or a detail that is given replaces the one that stood there.
    pub async fn move_action(
        &self,
        id: AgentActionId,
        from: ActionState,
        to: ActionState,
        ticket: Option<TicketNumber>,
        detail: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "UPDATE conversation_actions SET state = $3, \
             ticket_number = COALESCE($4, ticket_number), detail = COALESCE($5, detail), \
             settled_at = $6 WHERE id = $1 AND state = $2";
        let settled = (to != ActionState::Running).then_some(now);
        let values = vec![
            id.0.into(),
            from.as_str().into(),
            to.as_str().into(),
            ticket.map(|n| n.0).into(),
            detail.into(),
            settled.into(),
        ];
        Ok(self.execute(sql, values).await? == 1)
    }
}

fn stored(row: Row) -> Result<StoredAction> {
    let state = ActionState::parse(&row.state)
        .ok_or_else(|| StoreError::unreadable("conversation_actions.state", &row.state))?;
    let draft = serde_json::from_str(&row.draft)
        .map_err(|e| StoreError::unreadable("conversation_actions.draft", e))?;
    let action = AgentAction {
        id: AgentActionId(row.id),
        state,
        draft,
        ticket: named(row.ticket_id, row.ticket_number, row.ticket_title),
        detail: row.detail,
        created_at: row.created_at,
        settled_at: row.settled_at,
    };
    let turn = u32::try_from(row.turn).unwrap_or(0);
    Ok(StoredAction { action, turn, provider: row.provider, model: row.model })
}
