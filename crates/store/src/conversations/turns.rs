//! Turns: in one conversation one answer is written at a time, in whichever process.

use atc_core::id::{ConversationId, TicketNumber, UserId};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use super::Conversations;
use crate::Result;

/// A conversation that begins.
#[derive(Debug, Clone)]
pub struct NewConversation<'a> {
    /// Its identity.
    pub id: ConversationId,
    /// Whose.
    pub owner: UserId,
    /// How it begins, on one line.
    pub title: &'a str,
}

/// How a turn starts.
#[derive(Debug, Clone, Copy)]
pub struct TurnStart<'a> {
    /// The ticket that the conversation is about from now on; `None`: as before.
    pub ticket: Option<TicketNumber>,
    /// Whether the owner is staff now.
    pub as_staff: bool,
    /// By which the same request is known, should it come again.
    pub key: Option<&'a str>,
    /// Until when it may last.
    pub until: DateTime<Utc>,
    /// When it starts.
    pub now: DateTime<Utc>,
}

/// A turn that was started and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTurn {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which; the first is 1.
    pub turn: u32,
    /// Until when it may last.
    pub until: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    turns: i32,
    busy_until: Option<DateTime<Utc>>,
}

impl<C: ConnectionTrait> Conversations<'_, C> {
    /// The turn that a request with this key started and nobody ended: it is under way, or its process died.
    pub async fn open_turn(&self, owner: UserId, key: &str) -> Result<Option<OpenTurn>> {
        let sql = "SELECT id, turns, busy_until FROM conversations \
             WHERE owner_id = $1 AND turn_key = $2";
        let values = vec![owner.0.into(), key.into()];
        let row = Row::find_by_statement(self.statement(sql, values)).one(self.0).await?;
        Ok(row.and_then(|row| {
            Some(OpenTurn {
                conversation: ConversationId(row.id),
                turn: u32::try_from(row.turns).ok()?,
                until: row.busy_until?,
            })
        }))
    }

    /// How many answers are being written for a person.
    pub async fn turns_under_way(&self, owner: UserId, now: DateTime<Utc>) -> Result<u64> {
        let sql = "SELECT count(*) FROM conversations WHERE owner_id = $1 AND busy_until > $2";
        self.count(sql.to_owned(), vec![owner.0.into(), now.into()]).await
    }

    /// The tickets that the agent made in a conversation.
    pub async fn made_tickets(&self, id: ConversationId) -> Result<Vec<TicketNumber>> {
        let sql = "SELECT ticket_number FROM conversation_actions WHERE conversation_id = $1 \
             AND kind = 'create_ticket' AND state = 'done' AND ticket_number IS NOT NULL";
        let rows = self.0.query_all_raw(self.statement(sql, vec![id.0.into()])).await?;
        rows.iter().map(|row| Ok(TicketNumber(row.try_get_by_index(0)?))).collect()
    }
}

impl Conversations<'_, DatabaseTransaction> {
    /// Writes a new conversation down, in which nothing was said yet.
    pub async fn insert(&self, new: &NewConversation<'_>, now: DateTime<Utc>) -> Result<()> {
        let sql = "INSERT INTO conversations \
             (id, owner_id, title, as_staff, turns, created_at, updated_at) \
             VALUES ($1, $2, $3, false, 0, $4, $4)";
        let values = vec![new.id.0.into(), new.owner.0.into(), new.title.into(), now.into()];
        self.execute(sql, values).await?;
        Ok(())
    }

    /// Starts the next turn of a conversation and answers which it is; `None` while another is under way.
    pub async fn start_turn(
        &self,
        id: ConversationId,
        start: &TurnStart<'_>,
    ) -> Result<Option<u32>> {
        let sql = "UPDATE conversations SET turns = turns + 1, turn_key = $2, busy_until = $3, \
             as_staff = (as_staff OR $4), ticket_number = COALESCE($5, ticket_number), \
             updated_at = $6 WHERE id = $1 AND (busy_until IS NULL OR busy_until <= $6) \
             RETURNING turns";
        let values = vec![
            id.0.into(),
            start.key.into(),
            start.until.into(),
            start.as_staff.into(),
            start.ticket.map(|n| n.0).into(),
            start.now.into(),
        ];
        let row = self.0.query_one_raw(self.statement(sql, values)).await?;
        let turn: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(turn.and_then(|turn| u32::try_from(turn).ok()))
    }

    /// Takes up a turn whose process died; `false` when another process was faster.
    pub async fn take_up_turn(&self, open: &OpenTurn, start: &TurnStart<'_>) -> Result<bool> {
        let sql = "UPDATE conversations SET busy_until = $3, as_staff = (as_staff OR $4) \
             WHERE id = $1 AND turns = $2 AND busy_until <= $5";
        let values = vec![
            open.conversation.0.into(),
            i64::from(open.turn).into(),
            start.until.into(),
            start.as_staff.into(),
            start.now.into(),
        ];
        Ok(self.execute(sql, values).await? == 1)
    }

    /// Ends a turn; `false` when the conversation is gone, or a later turn has started.
    pub async fn end_turn(
        &self,
        id: ConversationId,
        turn: u32,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "UPDATE conversations SET busy_until = NULL, turn_key = NULL, updated_at = $3 \
             WHERE id = $1 AND turns = $2 AND busy_until IS NOT NULL";
        let values = vec![id.0.into(), i64::from(turn).into(), now.into()];
        Ok(self.execute(sql, values).await? == 1)
    }

    /// Lets the next turn start although this one was not answered. Its key stays: the same request, sent
    /// again, takes it up.
    pub async fn give_up_turn(
        &self,
        id: ConversationId,
        turn: u32,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "UPDATE conversations SET busy_until = $3 \
             WHERE id = $1 AND turns = $2 AND busy_until > $3";
        self.execute(sql, vec![id.0.into(), i64::from(turn).into(), now.into()]).await?;
        Ok(())
    }
}
