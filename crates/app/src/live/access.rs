//! Who holds a connection, until when, and whether they still may.

use atc_core::{Caller, Ctx, Error, ErrorCode, Result, caller::Credential};
use atc_store::WsTicket;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{App, auth};

/// How long a ticket for a WebSocket serves.
const TICKET_TTL_S: u32 = 30;

/// A caller who holds a connection.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Who.
    pub caller: Caller,
    /// When their credential ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

impl App {
    /// Finds the person behind a Bearer token, as [`App::authenticate`], and when it ends.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the token proves nothing.
    pub async fn connect(&self, token: &str) -> Result<Connected> {
        self.connect_at(token, None).await
    }

    /// The same at a resource of a name, see [`App::authenticate_at`].
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the token proves nothing, or nothing here.
    pub async fn connect_at(&self, token: &str, resource: Option<&str>) -> Result<Connected> {
        let caller = self.authenticate_at(token, resource).await?;
        let ends_at = match &caller.credential {
            Credential::Grant { .. } => {
                let granted = self.find_granted(token, resource.unwrap_or_default()).await?;
                granted.map(|(_, ends_at)| ends_at)
            }
            Credential::Session(_) => self.access_tokens.ends_at(token, self.now()),
            Credential::ApiToken { id, .. } => self.store.tokens().expires_at(*id).await?,
            Credential::Operator => None,
        };
        Ok(Connected { caller, ends_at })
    }

    /// Gives the caller, whose credential ends at `ends_at`, a ticket that opens one WebSocket, and the
    /// seconds that it serves.
    pub async fn issue_ws_ticket(
        &self,
        ctx: &Ctx,
        ends_at: Option<DateTime<Utc>>,
    ) -> Result<(String, u32)> {
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        let secret = BASE64_URL_SAFE_NO_PAD.encode(random);
        let (session_id, token_id) = match &ctx.caller.credential {
            Credential::Session(id) => (Some(*id), None),
            Credential::ApiToken { id, .. } => (None, Some(*id)),
            // No program comes to the sockets of browsers.
            Credential::Grant { .. } | Credential::Operator => (None, None),
        };
        let ticket = WsTicket {
            user_id: ctx.caller.user_id,
            session_id,
            token_id,
            expires_at: ctx.now + TimeDelta::seconds(TICKET_TTL_S.into()),
            credential_expires_at: ends_at,
        };
        let tx = self.store.begin().await?;
        tx.ws_tickets().insert(&auth::hash_secret(&secret), &ticket).await?;
        tx.commit().await?;
        Ok((secret, TICKET_TTL_S))
    }

    /// Takes a ticket for a WebSocket, which serves no second time, in any process.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when it is unknown, was used, or is too old.
    pub async fn redeem_ws_ticket(&self, secret: &str) -> Result<Connected> {
        let refused = || {
            let detail = "The ticket is unknown, used or expired; get another one.";
            Error::new(ErrorCode::Unauthenticated, detail)
        };
        let now = self.now();
        let tx = self.store.begin().await?;
        let ticket = tx.ws_tickets().take(&auth::hash_secret(secret)).await?;
        tx.commit().await?;
        let ticket = ticket.filter(|ticket| ticket.expires_at > now).ok_or_else(refused)?;
        let ends_at = ticket.credential_expires_at;
        if ends_at.is_some_and(|at| at <= now) {
            return Err(refused());
        }
        let caller = match (ticket.session_id, ticket.token_id) {
            (Some(id), _) => self.store.sessions().find_caller(id, ticket.user_id, now).await?,
            (None, Some(id)) => self.store.tokens().find_caller(id, now).await?,
            (None, None) => None,
        };
        Ok(Connected { caller: caller.ok_or_else(refused)?, ends_at })
    }

    /// The caller as they are now; `None` when their session or token was ended, they were deactivated, or
    /// their role became less.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn still_connected(&self, caller: &Caller) -> Result<Option<Caller>> {
        let now = self.now();
        let present = match &caller.credential {
            Credential::Session(id) => {
                self.store.sessions().find_caller(*id, caller.user_id, now).await?
            }
            Credential::ApiToken { id, .. } => self.store.tokens().find_caller(*id, now).await?,
            Credential::Grant { id, .. } => {
                // Its token has the scopes that it had: a grant never gets others.
                let present = self.store.grants().find_caller(*id, now).await?;
                present.map(|present| Caller { credential: caller.credential.clone(), ..present })
            }
            Credential::Operator => Some(caller.clone()),
        };
        Ok(present.filter(|present| present.role >= caller.role))
    }
}
