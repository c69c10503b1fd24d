//! From a code to tokens, and from a refresh token to the next ones.

use atc_core::{grant::Grant, id::GrantId, ports::Wake, token::Scope};
use atc_store::{OauthCode, StoredGrant, Tx};
use aws_lc_rs::{constant_time, digest};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    OauthSite,
    access_token::NewGrantToken,
    authorization::check_resource,
    error::{OauthError, OauthErrorCode, Result},
    known_scopes,
};
use crate::{App, auth};

/// The most grants of one person; beyond, the one that was renewed the longest ago ends.
const MOST_GRANTS: usize = 50;

/// How a program asks for tokens (RFC 6749, 4.1.3 and 6), as it came.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    /// By which way.
    pub grant_type: Option<String>,
    /// Who it is.
    pub client_id: Option<String>,
    /// The code that came back.
    pub code: Option<String>,
    /// What only the program knows that asked for it.
    pub code_verifier: Option<String>,
    /// Where the code was sent.
    pub redirect_uri: Option<String>,
    /// The newest refresh token.
    pub refresh_token: Option<String>,
    /// Less than was agreed to.
    pub scope: Option<String>,
    /// At which server.
    pub resource: Option<String>,
}

/// What a program gets.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Serves for [`Tokens::expires_in_s`] seconds.
    pub access_token: String,
    /// Gets the next pair, once.
    pub refresh_token: String,
    /// Seconds that the access token serves.
    pub expires_in_s: u32,
    /// What it is good for.
    pub scopes: Vec<Scope>,
}

impl App {
    /// Gives a program tokens.
    ///
    /// # Errors
    /// Why it gets none.
    pub async fn give_tokens(&self, request: TokenRequest, site: &OauthSite) -> Result<Tokens> {
        let Some(client_id) = request.client_id.as_deref() else {
            let detail = "The parameter client_id is missing.";
            return Err(OauthError::new(OauthErrorCode::InvalidRequest, detail));
        };
        match request.grant_type.as_deref() {
            Some("authorization_code") => self.exchange_code(&request, client_id, site).await,
            Some("refresh_token") => self.renew_grant(&request, client_id, site).await,
            _ => Err(OauthError::new(
                OauthErrorCode::UnsupportedGrantType,
                "The grant types are authorization_code and refresh_token.",
            )),
        }
    }

    async fn exchange_code(
        &self,
        request: &TokenRequest,
        client_id: &str,
        site: &OauthSite,
    ) -> Result<Tokens> {
        let secret = required(request.code.as_deref(), "The parameter code is missing.")?;
        let missing = "The parameter code_verifier is missing.";
        let verifier = required(request.code_verifier.as_deref(), missing)?;
        check_resource(request.resource.as_deref(), site)?;
        let now = self.now();
        let hash = auth::hash_secret(secret);
        let id = GrantId(self.new_id());
        let tx = self.store.begin().await?;
        let Some(code) = tx.oauth_codes().take(&hash, id).await? else {
            return self.refuse_used_code(tx, &hash, now).await;
        };
        let asked = code.client_id == client_id
            && request.redirect_uri.as_ref().is_none_or(|uri| *uri == code.redirect_uri)
            && code.resource == site.resource
            && code.expires_at > now
            && is_verifier(verifier, &code.challenge);
        let owner = tx.users().find(code.user_id).await?.filter(|user| user.is_active);
        if !asked || owner.is_none() {
            // Whoever has it in their hands, it serves no more.
            tx.commit().await?;
            return Err(no_code());
        }
        let grant = self.new_grant(id, code, now);
        end_surplus(&tx, &grant.grant, now).await?;
        tx.grants().insert(&grant).await?;
        tx.commit().await?;
        tracing::info!(grant = %id, user = %grant.grant.user_id, "a program may act for a person");
        self.hand_out_tokens(&grant, 0, grant.grant.scopes.clone(), site, now)
    }

    /// A code came a second time, or never was one. Somebody else may hold what the first got: it ends
    /// (RFC 6749, 4.1.2).
    async fn refuse_used_code(
        &self,
        tx: Tx,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Tokens> {
        if let Some(grant) = tx.oauth_codes().taken_for(hash).await?
            && let Some(stored) = tx.grants().find(grant).await?
            && tx.grants().revoke(grant, None, now).await?
        {
            self.note_access_change(&tx, stored.grant.user_id).await?;
            tx.commit().await?;
            self.wake(Wake::Events);
            tracing::warn!(%grant, "a used code came again; what it had given was ended");
        }
        Err(no_code())
    }

    fn new_grant(&self, id: GrantId, code: OauthCode, now: DateTime<Utc>) -> StoredGrant {
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce);
        StoredGrant {
            grant: Grant {
                id,
                user_id: code.user_id,
                client_id: code.client_id,
                client_name: code.client_name,
                client_place: code.client_place,
                resource: code.resource,
                scopes: code.scopes,
                created_at: now,
                renewed_at: now,
                expires_at: self.grant_end(now),
            },
            nonce,
            generation: 0,
            revoked_at: None,
        }
    }

    /// The same rules as of sessions, see `App::refresh`: the token just before the newest gets the newest
    /// again for a short while; any other that served already ends the grant.
    async fn renew_grant(
        &self,
        request: &TokenRequest,
        client_id: &str,
        site: &OauthSite,
    ) -> Result<Tokens> {
        let missing = "The parameter refresh_token is missing.";
        let token = required(request.refresh_token.as_deref(), missing)?;
        check_resource(request.resource.as_deref(), site)?;
        let refused = || {
            let detail = "This refresh token serves no more; ask the person anew.";
            OauthError::new(OauthErrorCode::InvalidGrant, detail)
        };
        let claim = self.grant_refresh_tokens.parse(token).ok_or_else(refused)?;
        let id = GrantId(claim.family);
        let now = self.now();
        let stored = self.store.grants().find(id).await?.ok_or_else(refused)?;
        let alive = stored.revoked_at.is_none() && stored.grant.expires_at > now;
        let is_theirs =
            stored.grant.client_id == client_id && stored.grant.resource == site.resource;
        if !alive || !is_theirs || !self.grant_refresh_tokens.proves(&claim, &stored.nonce) {
            return Err(refused());
        }
        let owner = self.store.users().find(stored.grant.user_id).await?;
        owner.filter(|user| user.is_active).ok_or_else(refused)?;
        let scopes = narrowed(&stored.grant.scopes, request.scope.as_deref())?;

        let tx = self.store.begin().await?;
        if tx.grants().rotate(id, claim.generation, now, self.grant_end(now)).await? {
            tx.commit().await?;
            return self.hand_out_tokens(&stored, claim.generation + 1, scopes, site, now);
        }
        let present = tx.grants().find(id).await?.ok_or_else(refused)?;
        let leeway = TimeDelta::seconds(self.config.refresh_leeway_s.into());
        let raced = present.revoked_at.is_none()
            && claim.generation + 1 == present.generation
            && now - present.grant.renewed_at <= leeway;
        if raced {
            tx.rollback().await?;
            return self.hand_out_tokens(&present, present.generation, scopes, site, now);
        }
        tx.grants().revoke(id, None, now).await?;
        self.note_access_change(&tx, present.grant.user_id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        tracing::warn!(grant = %id, "a used refresh token came again; the grant was ended");
        Err(refused())
    }

    fn grant_end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::seconds(self.config.refresh_token_ttl_s.into())
    }

    fn hand_out_tokens(
        &self,
        stored: &StoredGrant,
        generation: i64,
        scopes: Vec<Scope>,
        site: &OauthSite,
        now: DateTime<Utc>,
    ) -> Result<Tokens> {
        let grant = &stored.grant;
        let new = NewGrantToken {
            grant: grant.id,
            user: grant.user_id,
            client_id: &grant.client_id,
            scopes: &scopes,
        };
        let issued = self.grant_tokens.issue(&new, site, self.new_id(), now);
        Ok(Tokens {
            access_token: issued.map_err(atc_core::Error::internal)?,
            refresh_token: self.grant_refresh_tokens.issue(grant.id.0, &stored.nonce, generation),
            expires_in_s: self.grant_tokens.ttl_s(),
            scopes,
        })
    }
}

fn required<'a>(parameter: Option<&'a str>, missing: &'static str) -> Result<&'a str> {
    parameter.ok_or_else(|| OauthError::new(OauthErrorCode::InvalidRequest, missing))
}

fn no_code() -> OauthError {
    let detail = "This code serves no more, or was given to somebody else; ask the person anew.";
    OauthError::new(OauthErrorCode::InvalidGrant, detail)
}

/// Whether this is what the challenge was made of (RFC 7636, 4.1 and 4.6).
fn is_verifier(text: &str, challenge: &[u8; 32]) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let made = digest::digest(&digest::SHA256, text.as_bytes());
    let same = constant_time::verify_slices_are_equal(made.as_ref(), challenge).is_ok();
    same && (43..=128).contains(&text.len()) && text.bytes().all(legal)
}

/// What a token shall be good for: never more than was agreed to (RFC 6749, 6).
fn narrowed(agreed: &[Scope], wanted: Option<&str>) -> Result<Vec<Scope>> {
    let Some(wanted) = wanted else { return Ok(agreed.to_vec()) };
    let scopes = known_scopes(wanted);
    let within = |scope: &Scope| agreed.iter().any(|held| held.includes(*scope));
    if scopes.is_empty() || !scopes.iter().all(within) {
        let detail = "The person did not agree to these scopes; ask them anew.";
        return Err(OauthError::new(OauthErrorCode::InvalidScope, detail));
    }
    Ok(scopes)
}

/// Makes room for one more grant of a person.
async fn end_surplus(tx: &Tx, new: &Grant, now: DateTime<Utc>) -> Result<()> {
    let mut present = tx.grants().list(new.user_id, now).await?;
    present.sort_by_key(|grant| grant.renewed_at);
    let surplus = (present.len() + 1).saturating_sub(MOST_GRANTS);
    for grant in present.iter().take(surplus) {
        tx.grants().revoke(grant.id, None, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    #[test]
    fn a_verifier_is_known_by_its_challenge() {
        // RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let challenge: [u8; 32] =
            BASE64_URL_SAFE_NO_PAD.decode(challenge).unwrap().try_into().unwrap();
        assert!(is_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &challenge));
        assert!(!is_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj", &challenge));
        let of = |text: &str| {
            let mut made = [0; 32];
            made.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
            made
        };
        for unfit in ["short".to_owned(), "x".repeat(42), "x".repeat(129), "ü".repeat(30)] {
            assert!(!is_verifier(&unfit, &of(&unfit)), "{unfit}");
        }
    }

    #[test]
    fn a_token_is_never_good_for_more_than_was_agreed_to() {
        let agreed = [Scope::TicketsWrite, Scope::FilesRead];
        assert_eq!(narrowed(&agreed, None).unwrap(), agreed);
        let less = narrowed(&agreed, Some("files:read")).unwrap();
        assert_eq!(less, [Scope::FilesRead]);
        let implied = narrowed(&agreed, Some("tickets:read")).unwrap();
        assert_eq!(implied, [Scope::TicketsRead]);
        for more in ["files:write", "files:read files:write", "admin", "", "nonsense"] {
            assert!(narrowed(&agreed, Some(more)).is_err(), "{more}");
        }
    }
}
