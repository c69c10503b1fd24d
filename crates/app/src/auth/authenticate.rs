//! From a credential to a caller.

use std::sync::Arc;

use atc_core::{Caller, Error, ErrorCode, Result, caller::Credential, id::TokenId};
use chrono::{DateTime, TimeDelta, Utc};

use super::api_tokens;
use crate::App;

/// What became of a credential.
#[derive(Debug, Clone)]
pub enum Authenticated {
    /// It proves this person.
    Caller(Caller),
    /// None came.
    Nobody,
    /// One came that is no good.
    Refused(Arc<Error>),
}

impl App {
    /// Finds the person behind a Bearer token of a login, or an API token. Role and activity are read
    /// from the database every time, so that a change takes effect at once.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the token proves nothing.
    pub async fn authenticate(&self, token: &str) -> Result<Caller> {
        self.authenticate_at(token, None).await
    }

    /// The same at a resource of a name, where tokens serve as well that were given to programs for it.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the token proves nothing, or nothing here.
    pub async fn authenticate_at(&self, token: &str, resource: Option<&str>) -> Result<Caller> {
        let refused = || {
            Error::new(
                ErrorCode::Unauthenticated,
                "The token is unknown, expired or revoked; refresh it or log in again.",
            )
        };
        let now = self.now();
        if token.starts_with(api_tokens::PREFIX) {
            let hash = api_tokens::hash(token);
            let owner = self.store.tokens().find_owner(&hash, now).await?.ok_or_else(refused)?;
            let stale = owner.last_used_at.is_none_or(|at| now - at >= TimeDelta::minutes(1));
            if stale
                && let Credential::ApiToken { id, .. } = owner.caller.credential
                && let Err(e) = self.touch(id, now).await
            {
                // Whoever only reads is served while nothing can be written.
                let error = &e as &dyn std::error::Error;
                tracing::warn!(error, "the use of a token is not noted");
            }
            return Ok(owner.caller);
        }
        if let Some((user, session)) = self.access_tokens.read(token, now) {
            let caller = self.store.sessions().find_caller(session, user, now).await?;
            return caller.ok_or_else(refused);
        }
        let resource = resource.ok_or_else(refused)?;
        let granted = self.find_granted(token, resource).await?;
        granted.map(|(caller, _)| caller).ok_or_else(refused)
    }

    async fn touch(&self, token: TokenId, now: DateTime<Utc>) -> atc_store::Result<()> {
        let tx = self.store.begin().await?;
        tx.tokens().touch(token, now).await?;
        tx.commit().await
    }
}
