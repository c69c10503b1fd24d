//! Tickets with which browsers, who cannot send a header there, open a WebSocket. Each serves once.

use atc_core::id::{SessionId, TokenId, UserId};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Statement};

use crate::{Result, Tx};

/// Tickets for WebSockets, seen through a transaction.
pub struct WsTickets<'a>(&'a DatabaseTransaction);

impl Tx {
    /// Tickets for WebSockets.
    #[must_use]
    pub fn ws_tickets(&self) -> WsTickets<'_> {
        WsTickets(&self.inner)
    }
}

/// A ticket for a WebSocket, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsTicket {
    /// Whose it is.
    pub user_id: UserId,
    /// The login for which it was given.
    pub session_id: Option<SessionId>,
    /// The API token for which it was given.
    pub token_id: Option<TokenId>,
    /// Until when it serves.
    pub expires_at: DateTime<Utc>,
    /// When the credential ends for which it was given.
    pub credential_expires_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    user_id: uuid::Uuid,
    session_id: Option<uuid::Uuid>,
    token_id: Option<uuid::Uuid>,
    expires_at: DateTime<Utc>,
    credential_expires_at: Option<DateTime<Utc>>,
}

impl WsTickets<'_> {
    /// Writes a ticket down.
    pub async fn insert(&self, secret_hash: &[u8; 32], ticket: &WsTicket) -> Result<()> {
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "INSERT INTO ws_tickets (secret_hash, user_id, session_id, token_id, expires_at, \
                 credential_expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    secret_hash.to_vec().into(),
                    ticket.user_id.0.into(),
                    ticket.session_id.map(|id| id.0).into(),
                    ticket.token_id.map(|id| id.0).into(),
                    ticket.expires_at.into(),
                    ticket.credential_expires_at.into(),
                ],
            ))
            .await?;
        Ok(())
    }

    /// Takes a ticket away, if it is there: of two who try at once, one gets it.
    pub async fn take(&self, secret_hash: &[u8; 32]) -> Result<Option<WsTicket>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "DELETE FROM ws_tickets WHERE secret_hash = $1 RETURNING user_id, session_id, \
             token_id, expires_at, credential_expires_at",
            [secret_hash.to_vec().into()],
        );
        let row = Row::find_by_statement(statement).one(self.0).await?;
        Ok(row.map(|row| WsTicket {
            user_id: UserId(row.user_id),
            session_id: row.session_id.map(SessionId),
            token_id: row.token_id.map(TokenId),
            expires_at: row.expires_at,
            credential_expires_at: row.credential_expires_at,
        }))
    }

    /// Forgets tickets that serve no more. Answers how many.
    pub async fn delete_expired(&self, now: DateTime<Utc>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "DELETE FROM ws_tickets WHERE expires_at <= $1",
            [now.into()],
        );
        Ok(self.0.execute_raw(statement).await?.rows_affected())
    }
}
