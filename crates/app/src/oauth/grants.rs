//! People see and end what they let programs do; programs give back what they have.

use atc_core::{
    Caller, Ctx, Error, Result, caller::Credential, grant::Grant, id::GrantId, id::UserId,
    ports::Wake,
};
use atc_store::Tx;
use chrono::{DateTime, Utc};

use super::{access_token::GrantClaim, error};
use crate::App;

impl App {
    /// What the caller lets programs do, oldest first.
    pub async fn list_grants(&self, ctx: &Ctx) -> Result<Vec<Grant>> {
        Ok(self.store.grants().list(ctx.caller.user_id, ctx.now).await?)
    }

    /// Ends something that the caller let a program do; its tokens are void at once.
    ///
    /// # Errors
    /// Not found when the caller let nobody do this.
    pub async fn end_grant(&self, ctx: &Ctx, id: GrantId) -> Result<()> {
        let tx = self.store.begin().await?;
        if !tx.grants().revoke(id, Some(ctx.caller.user_id), ctx.now).await? {
            return Err(Error::not_found("grant"));
        }
        self.note_access_change(&tx, ctx.caller.user_id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(())
    }

    /// A program gives back a token of either kind (RFC 7009): what it was let do ends. One that is not
    /// ours is void already.
    ///
    /// # Errors
    /// When it is another program's.
    pub async fn give_back(&self, token: &str, client_id: Option<&str>) -> error::Result<()> {
        let Some((id, user)) = self.grant_of(token).await? else { return Ok(()) };
        let Some(stored) = self.store.grants().find(id).await? else { return Ok(()) };
        if client_id.is_some_and(|id| id != stored.grant.client_id) {
            let detail = "This token was given to another program.";
            return Err(error::OauthError::new(error::OauthErrorCode::InvalidClient, detail));
        }
        let tx = self.store.begin().await?;
        if tx.grants().revoke(id, Some(user), self.now()).await? {
            self.note_access_change(&tx, user).await?;
            tx.commit().await?;
            self.wake(Wake::Events);
        }
        Ok(())
    }

    async fn grant_of(&self, token: &str) -> Result<Option<(GrantId, UserId)>> {
        if let Some(GrantClaim { grant, user, .. }) = self.grant_tokens.read_any(token) {
            return Ok(Some((grant, user)));
        }
        let Some(claim) = self.grant_refresh_tokens.parse(token) else { return Ok(None) };
        let Some(stored) = self.store.grants().find(GrantId(claim.family)).await? else {
            return Ok(None);
        };
        let ours = self.grant_refresh_tokens.proves(&claim, &stored.nonce);
        Ok(ours.then_some((stored.grant.id, stored.grant.user_id)))
    }

    /// The person behind an access token that is for this resource, and when it ends.
    pub(crate) async fn find_granted(
        &self,
        token: &str,
        resource: &str,
    ) -> Result<Option<(Caller, DateTime<Utc>)>> {
        let now = self.now();
        let Some(claim) = self.grant_tokens.read(token, resource, now) else { return Ok(None) };
        let Some(mut caller) = self.store.grants().find_caller(claim.grant, now).await? else {
            return Ok(None);
        };
        if caller.user_id != claim.user {
            return Ok(None);
        }
        if let Credential::Grant { scopes: agreed, .. } = &mut caller.credential {
            let held = |scope: &atc_core::token::Scope| agreed.iter().any(|a| a.includes(*scope));
            *agreed = claim.scopes.iter().copied().filter(held).collect();
        }
        Ok(Some((caller, claim.ends_at)))
    }
}

/// Ends all that a person let programs do, also what is on its way to them.
pub(crate) async fn end_all(tx: &Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    tx.oauth_codes().delete_of(user).await?;
    Ok(tx.grants().revoke_all(user, now).await?)
}
