//! Logging in, staying logged in, logging out.

use atc_core::{
    Caller, Ctx, Error, ErrorCode, Result,
    caller::Credential,
    id::SessionId,
    ports::Wake,
    user::{Email, Password, User},
};
use atc_store::Session as StoredSession;
use chrono::{DateTime, TimeDelta, Utc};

use crate::App;

/// A login as its owner holds it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Proves the person for [`Session::expires_in_s`] seconds.
    pub access_token: String,
    /// Gets the next pair, once.
    pub refresh_token: String,
    /// Seconds that the access token serves.
    pub expires_in_s: u32,
    /// The person.
    pub user: User,
}

impl App {
    /// Starts a session for whoever knows the password.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCredentials`] for an unknown address, a wrong password and an inactive
    /// person alike, after the same time.
    pub async fn login(&self, email: &str, password: &Password) -> Result<Session> {
        let found = match Email::parse(email) {
            Ok(email) => self.store.users().find_by_email(&email).await?,
            Err(_) => None,
        };
        let hash = found.as_ref().and_then(|c| c.password_hash.as_deref());
        let right = self.passwords.verify(password, hash).await?;
        let user = found.map(|c| c.user).filter(|user| right && user.is_active);
        let user = user.ok_or_else(|| {
            Error::new(ErrorCode::InvalidCredentials, "The e-mail or the password is wrong.")
        })?;
        let now = self.now();
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce);
        let session = StoredSession {
            id: SessionId(self.new_id()),
            user_id: user.id,
            nonce,
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: self.session_end(now),
            revoked_at: None,
        };
        let tx = self.store.begin().await?;
        tx.sessions().insert(&session).await?;
        tx.commit().await?;
        self.hand_out(&session, 0, user, now)
    }

    /// Exchanges a refresh token for the next pair. The token just before the newest is answered
    /// with the newest again for a short while (two tabs may race); any other that served already
    /// ends the session, because someone else holds a copy.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the token or its session is no good.
    pub async fn refresh(&self, token: &str) -> Result<Session> {
        let refused =
            || Error::new(ErrorCode::Unauthenticated, "This session has ended; log in again.");
        let claim = self.refresh_tokens.parse(token).ok_or_else(refused)?;
        let now = self.now();
        let session =
            self.store.sessions().find(SessionId(claim.family)).await?.ok_or_else(refused)?;
        let alive = session.revoked_at.is_none() && session.expires_at > now;
        if !alive || !self.refresh_tokens.proves(&claim, &session.nonce) {
            return Err(refused());
        }
        let user = self.store.users().find(session.user_id).await?;
        let user = user.filter(|u| u.is_active).ok_or_else(refused)?;

        let tx = self.store.begin().await?;
        let ends = self.session_end(now);
        if tx.sessions().rotate(session.id, claim.generation, now, ends).await? {
            tx.commit().await?;
            return self.hand_out(&session, claim.generation + 1, user, now);
        }
        // It served before. Read what is true now, inside the transaction that may end it.
        let session = tx.sessions().find(session.id).await?.ok_or_else(refused)?;
        let leeway = TimeDelta::seconds(self.config.refresh_leeway_s.into());
        let raced = session.revoked_at.is_none()
            && claim.generation + 1 == session.generation
            && now - session.rotated_at <= leeway;
        if raced {
            tx.rollback().await?;
            return self.hand_out(&session, session.generation, user, now);
        }
        tx.sessions().revoke(session.id, now).await?;
        self.note_access_change(&tx, user.id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        tracing::warn!(session = %session.id, user = %user.id, "a used refresh token came again; the session was ended");
        Err(refused())
    }

    /// Finds the person who holds a session's newest refresh token, without exchanging it: for a
    /// browser that keeps the token in a cookie. `lasts` bounds the session from its login on.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the token or its session is no good.
    pub async fn authenticate_session(&self, token: &str, lasts: TimeDelta) -> Result<Caller> {
        let refused =
            || Error::new(ErrorCode::Unauthenticated, "This session has ended; log in again.");
        let claim = self.refresh_tokens.parse(token).ok_or_else(refused)?;
        let session =
            self.store.sessions().find(SessionId(claim.family)).await?.ok_or_else(refused)?;
        let now = self.now();
        let newest = claim.generation == session.generation;
        if !newest || now - session.created_at >= lasts {
            return Err(refused());
        }
        if !self.refresh_tokens.proves(&claim, &session.nonce) {
            return Err(refused());
        }
        let caller = self.store.sessions().find_caller(session.id, session.user_id, now).await?;
        caller.ok_or_else(refused)
    }

    /// Ends the caller's session: its refresh token and its access tokens are void at once.
    pub async fn logout(&self, ctx: &Ctx) -> Result<()> {
        let Credential::Session(session) = ctx.caller.credential else { return Ok(()) };
        let tx = self.store.begin().await?;
        tx.sessions().revoke(session, ctx.now).await?;
        self.note_access_change(&tx, ctx.caller.user_id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(())
    }

    fn session_end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::seconds(self.config.refresh_token_ttl_s.into())
    }

    fn hand_out(
        &self,
        session: &StoredSession,
        generation: i64,
        user: User,
        now: DateTime<Utc>,
    ) -> Result<Session> {
        let access_token = self
            .access_tokens
            .issue(user.id, session.id, self.new_id(), now)
            .map_err(Error::internal)?;
        Ok(Session {
            access_token,
            refresh_token: self.refresh_tokens.issue(session.id.0, &session.nonce, generation),
            expires_in_s: self.access_tokens.ttl_s(),
            user,
        })
    }
}
