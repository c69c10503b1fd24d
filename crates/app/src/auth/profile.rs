//! One's own account.

use atc_core::{
    Ctx, Error, Result,
    caller::Credential,
    ports::Wake,
    user::{ProfilePatch, User},
};

use crate::{App, oauth};

impl App {
    /// The caller's account.
    pub async fn me(&self, ctx: &Ctx) -> Result<User> {
        Ok(self.store.users().get(ctx.caller.user_id).await?)
    }

    /// Changes the caller's name or password. A new password ends all other sessions, and what the caller let programs do.
    ///
    /// # Errors
    /// Invalid when the present password is wrong.
    pub async fn update_me(&self, ctx: &Ctx, patch: ProfilePatch) -> Result<User> {
        let id = ctx.caller.user_id;
        let new_hash = match &patch.password {
            Some(change) => {
                let known = self.store.users().get_credentials(id).await?;
                let hash = known.password_hash.as_deref();
                if !self.passwords.verify(&change.current, hash).await? {
                    return Err(Error::invalid_body(
                        "/current_password",
                        "This is not your present password.",
                    ));
                }
                Some(self.passwords.hash(&change.new).await?)
            }
            None => None,
        };
        let tx = self.store.begin().await?;
        let mut user = tx.users().get_for_update(id).await?;
        let mut changed = false;
        if let Some(name) = patch.full_name
            && name != user.full_name
        {
            user.full_name = name;
            changed = true;
        }
        if let Some(hash) = new_hash {
            tx.users().set_password(id, hash).await?;
            let present = match ctx.caller.credential {
                Credential::Session(session) => Some(session),
                Credential::ApiToken { .. } | Credential::Grant { .. } | Credential::Operator => {
                    None
                }
            };
            tx.sessions().revoke_all(id, present, ctx.now).await?;
            // Whoever knew the old one may have let a program in.
            oauth::end_all(&tx, id, ctx.now).await?;
            self.note_access_change(&tx, id).await?;
            changed = true;
        }
        if changed {
            user.version += 1;
            tx.users().update(&user).await?;
        }
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(user)
    }
}
