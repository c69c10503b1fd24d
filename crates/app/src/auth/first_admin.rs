//! The first administrator, without whom nobody could let anybody in.

use atc_core::{
    Result,
    idempotency::Outcome,
    user::{NewUser, User},
};

use crate::App;

impl App {
    /// Whether there is no account at all: the first start.
    pub async fn has_no_users(&self) -> Result<bool> {
        Ok(!self.store.users().any().await?)
    }

    /// Makes an account as the operator at the machine may: with any role, whatever `REGISTRATION`
    /// says.
    ///
    /// # Errors
    /// A conflict when the address has an account.
    pub async fn create_user_as_operator(&self, new: NewUser) -> Result<User> {
        match self.create_user(new, None).await? {
            Outcome::Created(user) => Ok(user),
            Outcome::Replayed(_) => unreachable!("nothing is replayed without a key"),
        }
    }
}
