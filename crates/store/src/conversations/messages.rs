//! What was said in conversations.

use atc_core::{
    conversation::{Asks, Author, Citation, Message, Speaker},
    id::{ConversationId, MessageId},
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use super::Conversations;
use crate::{Result, StoreError};

/// Something that was said.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// Its identity.
    pub id: MessageId,
    /// Of which turn.
    pub turn: u32,
    /// Who said it.
    pub speaker: Speaker,
    /// The words.
    pub text: &'a str,
    /// On what it rests.
    pub citations: &'a [Citation],
    /// What it asks for.
    pub asks: Option<Asks>,
    /// Who wrote it, where the assistant speaks.
    pub author: Option<&'a Author>,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    turn: i32,
    by_agent: bool,
    body: String,
    citations: String,
    asks: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    degraded: bool,
    created_at: DateTime<Utc>,
}

impl<C: ConnectionTrait> Conversations<'_, C> {
    /// Everything that was said in a conversation, in order, with what was done.
    pub async fn messages(&self, id: ConversationId) -> Result<Vec<Message>> {
        let sql = "SELECT id, turn, by_agent, body, citations, asks, provider, model, degraded, \
             created_at FROM conversation_messages WHERE conversation_id = $1 ORDER BY turn, by_agent";
        let rows = Row::find_by_statement(self.statement(sql, vec![id.0.into()]));
        let rows = rows.all(self.0).await?;
        let mut messages = rows.into_iter().map(message).collect::<Result<Vec<_>>>()?;
        for stored in self.actions(id).await? {
            let said = messages
                .iter_mut()
                .find(|m| m.speaker == Speaker::Assistant && m.turn == stored.turn);
            if let Some(said) = said {
                said.actions.push(stored.action);
            }
        }
        Ok(messages)
    }
}

impl Conversations<'_, DatabaseTransaction> {
    /// Writes down what was said.
    pub async fn insert_message(&self, to: ConversationId, new: &NewMessage<'_>) -> Result<()> {
        let citations = serde_json::to_string(new.citations)
            .map_err(|e| StoreError::unreadable("conversation_messages.citations", e))?;
        let sql = "INSERT INTO conversation_messages (conversation_id, turn, by_agent, id, body, \
             citations, asks, provider, model, degraded, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = vec![
            to.0.into(),
            i64::from(new.turn).into(),
            (new.speaker == Speaker::Assistant).into(),
            new.id.0.into(),
            new.text.into(),
            citations.into(),
            new.asks.map(Asks::as_str).into(),
            new.author.map(|a| a.provider.clone()).into(),
            new.author.map(|a| a.model.clone()).into(),
            new.author.is_some_and(|a| a.degraded).into(),
            new.created_at.into(),
        ];
        self.execute(sql, values).await?;
        Ok(())
    }
}

fn message(row: Row) -> Result<Message> {
    let citations = serde_json::from_str(&row.citations)
        .map_err(|e| StoreError::unreadable("conversation_messages.citations", e))?;
    let author = row.provider.zip(row.model);
    Ok(Message {
        id: MessageId(row.id),
        turn: u32::try_from(row.turn).unwrap_or(0),
        speaker: if row.by_agent { Speaker::Assistant } else { Speaker::Person },
        text: row.body,
        citations,
        actions: Vec::new(),
        author: author.map(|(provider, model)| Author { provider, model, degraded: row.degraded }),
        // A question of a later version is none to this one.
        asks: row.asks.as_deref().and_then(Asks::parse),
        created_at: row.created_at,
    })
}
