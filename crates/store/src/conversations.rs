//! Conversations with the customer support agent. Each is its owner's alone.

mod actions;
mod messages;
mod turns;

use std::fmt::Write as _;

use atc_core::{
    conversation::{Conversation, NamedTicket},
    id::{ConversationId, TicketId, TicketNumber, UserId},
    page::{Page, PageRequest},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

pub use actions::{NewAction, StoredAction};
pub use messages::NewMessage;
pub use turns::{NewConversation, OpenTurn, TurnStart};

use crate::{Result, Store, StoreError, Tx};

/// Conversations, seen through a connection or a transaction.
pub struct Conversations<'a, C>(&'a C);

impl Store {
    /// Conversations.
    #[must_use]
    pub fn conversations(&self) -> Conversations<'_, DatabaseConnection> {
        Conversations(self.reader())
    }
}

impl Tx {
    /// Conversations.
    #[must_use]
    pub fn conversations(&self) -> Conversations<'_, DatabaseTransaction> {
        Conversations(&self.inner)
    }
}

/// Who looks at conversations: their owner, as what they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Who.
    pub id: UserId,
    /// Whether they see what was said while they were staff, which may quote the tickets of others.
    pub staff: bool,
}

/// Where in the list of conversations one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationPosition {
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The tie-breaker.
    pub id: ConversationId,
}

const SELECT: &str = "SELECT c.id, c.owner_id, c.title, c.turns, c.created_at, c.updated_at, \
     t.id AS ticket_id, t.number AS ticket_number, t.title AS ticket_title FROM conversations c \
     LEFT JOIN tickets t ON t.number = c.ticket_number";
/// Those that an owner sees.
const SEEN: &str = "c.owner_id = $1 AND (NOT c.as_staff OR $2)";

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    owner_id: uuid::Uuid,
    title: String,
    turns: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    ticket_id: Option<uuid::Uuid>,
    ticket_number: Option<i64>,
    ticket_title: Option<String>,
}

impl<C: ConnectionTrait> Conversations<'_, C> {
    /// The conversations of a person, newest first.
    pub async fn list(
        &self,
        owner: Owner,
        page: PageRequest<ConversationPosition>,
    ) -> Result<Page<Conversation, ConversationPosition>> {
        let mut values: Vec<Value> = vec![owner.id.0.into(), owner.staff.into()];
        let total = if page.include_total {
            let sql = format!("SELECT count(*) FROM conversations c WHERE {SEEN}");
            Some(self.count(sql, values.clone()).await?)
        } else {
            None
        };
        let mut sql = format!("{SELECT} WHERE {SEEN}");
        if let Some(after) = page.after {
            values.extend([after.created_at.into(), after.id.0.into()]);
            sql.push_str(" AND (c.created_at, c.id) < ($3, $4)");
        }
        values.push((page.limit.get() + 1).into());
        // Writing to a String cannot fail.
        let _ = write!(sql, " ORDER BY c.created_at DESC, c.id DESC LIMIT ${}", values.len());
        let rows = Row::find_by_statement(self.statement(sql, values)).all(self.0).await?;
        let items = rows.into_iter().map(conversation).collect();
        let position =
            |c: &Conversation| ConversationPosition { created_at: c.created_at, id: c.id };
        Ok(Page::from_surplus(items, page.limit, position).with_total(total))
    }

    /// One conversation of a person.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not theirs to see.
    pub async fn get(&self, owner: Owner, id: ConversationId) -> Result<Conversation> {
        let sql = format!("{SELECT} WHERE {SEEN} AND c.id = $3");
        let values = vec![owner.id.0.into(), owner.staff.into(), id.0.into()];
        let row = Row::find_by_statement(self.statement(sql, values)).one(self.0).await?;
        row.map(conversation).ok_or(StoreError::NotFound("conversation"))
    }

    async fn count(&self, sql: String, values: Vec<Value>) -> Result<u64> {
        let row = self.0.query_one_raw(self.statement(sql, values)).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn statement(&self, sql: impl Into<String>, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

impl Conversations<'_, DatabaseTransaction> {
    /// Deletes a conversation with everything in it. Answers whether it was there.
    pub async fn delete(&self, id: ConversationId) -> Result<bool> {
        let sql = "DELETE FROM conversations WHERE id = $1";
        Ok(self.execute(sql, vec![id.0.into()]).await? == 1)
    }

    /// Forgets conversations in which nothing was said since this moment. Answers how many.
    pub async fn delete_unused(&self, since: DateTime<Utc>) -> Result<u64> {
        self.execute("DELETE FROM conversations WHERE updated_at < $1", vec![since.into()]).await
    }

    /// Keeps the conversations of a person that were used last, so many of them. Answers how many went.
    pub async fn keep_latest(&self, owner: UserId, most: u32) -> Result<u64> {
        let sql = "DELETE FROM conversations WHERE owner_id = $1 AND id IN (\
             SELECT id FROM conversations WHERE owner_id = $1 \
             ORDER BY updated_at DESC, id DESC LIMIT 1000 OFFSET $2)";
        self.execute(sql, vec![owner.0.into(), i64::from(most).into()]).await
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        Ok(self.0.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }
}

fn conversation(row: Row) -> Conversation {
    Conversation {
        id: ConversationId(row.id),
        owner: UserId(row.owner_id),
        title: row.title,
        ticket: named(row.ticket_id, row.ticket_number, row.ticket_title),
        turns: u32::try_from(row.turns).unwrap_or(0),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A ticket of three columns that are there together or not at all.
fn named(
    id: Option<uuid::Uuid>,
    number: Option<i64>,
    title: Option<String>,
) -> Option<NamedTicket> {
    let ((id, number), title) = id.zip(number).zip(title)?;
    Some(NamedTicket { id: TicketId(id), number: TicketNumber(number), title })
}
