//! Personal API tokens.

use atc_core::{
    Ctx, Error, Result,
    id::TokenId,
    idempotency::{Outcome, Remember},
    ports::Wake,
    token::{ApiToken, NewApiToken},
};
use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::App;

/// How every API token begins, so that secret scanners and people recognise one.
pub(super) const PREFIX: &str = "atc_";
/// How much of a token is kept to recognise it by.
const SHOWN_CHARS: usize = 10;
/// The most tokens of one person.
const MAX_TOKENS: u64 = 50;

/// A new token with its secret, which is shown this once.
#[derive(Debug, Clone)]
pub struct NewTokenSecret {
    /// The token.
    pub token: ApiToken,
    /// What to send as Bearer.
    pub secret: String,
}

/// What the database keeps of a token. The secret has 256 random bits, so that a fast hash serves.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

impl App {
    /// Makes a token for the caller.
    ///
    /// # Errors
    /// Invalid when it would have ended already; a conflict when the caller has fifty.
    pub async fn create_api_token(
        &self,
        ctx: &Ctx,
        new: NewApiToken,
        remember: Option<Remember<'_, NewTokenSecret>>,
    ) -> Result<Outcome<NewTokenSecret>> {
        if new.expires_at.is_some_and(|at| at <= ctx.now) {
            return Err(Error::invalid_body("/expires_at", "This is in the past."));
        }
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        let secret = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let token = ApiToken {
            id: TokenId(self.new_id()),
            user_id: ctx.caller.user_id,
            name: new.name,
            prefix: secret.chars().take(SHOWN_CHARS).collect(),
            scopes: new.scopes,
            expires_at: new.expires_at,
            last_used_at: None,
            created_at: ctx.now,
        };
        self.create_once(remember, ctx.now, async |tx| {
            if tx.tokens().count(token.user_id).await? >= MAX_TOKENS {
                return Err(Error::conflict(format!(
                    "A person has at most {MAX_TOKENS} tokens; delete one that is not needed."
                )));
            }
            tx.tokens().insert(&token, &hash(&secret)).await?;
            Ok(NewTokenSecret { token, secret })
        })
        .await
    }

    /// The caller's tokens, oldest first.
    pub async fn list_api_tokens(&self, ctx: &Ctx) -> Result<Vec<ApiToken>> {
        Ok(self.store.tokens().list(ctx.caller.user_id).await?)
    }

    /// Ends one of the caller's tokens at once.
    ///
    /// # Errors
    /// Not found when the caller has no such token.
    pub async fn delete_api_token(&self, ctx: &Ctx, id: TokenId) -> Result<()> {
        let tx = self.store.begin().await?;
        if !tx.tokens().delete(ctx.caller.user_id, id).await? {
            return Err(Error::not_found("token"));
        }
        self.note_access_change(&tx, ctx.caller.user_id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(())
    }
}
