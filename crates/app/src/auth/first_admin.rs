//! The first administrator, without whom nobody could let anybody in.

use atc_core::{
    Error, ErrorCode, Result,
    idempotency::Outcome,
    text::FullName,
    user::{Email, NewUser, Password, Role, User},
};

use crate::App;

impl App {
    /// Whether nobody administers this installation: the last administrator cannot go, so nobody
    /// ever did.
    pub async fn has_no_admin(&self) -> Result<bool> {
        Ok(self.oldest_admin().await?.is_none())
    }

    /// Makes the first administrator; `None` where there is one already, or where the address has
    /// an account, which nobody but an administrator may raise.
    pub async fn create_first_admin(
        &self,
        email: Email,
        password: Password,
    ) -> Result<Option<User>> {
        if !self.has_no_admin().await? {
            return Ok(None);
        }
        let full_name = FullName::parse("Administrator").map_err(Error::internal)?;
        let new = NewUser { email, password: Some(password), full_name, role: Role::Admin };
        match self.create_user_as_operator(new).await {
            // Another process was faster.
            Err(e) if e.code == ErrorCode::Conflict => Ok(None),
            made => made.map(Some),
        }
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
