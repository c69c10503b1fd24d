//! Making an account for oneself.

use atc_core::{
    Error, ErrorCode, Result,
    idempotency::{Outcome, Remember},
    user::{NewUser, Role, User},
};

use crate::{App, users::ContactPolicy};

impl App {
    /// Makes an account. Its role is always [`Role::User`], whatever `new` says.
    ///
    /// # Errors
    /// [`ErrorCode::RegistrationClosed`]; a conflict when the address has an account.
    pub async fn register(
        &self,
        new: NewUser,
        remember: Option<Remember<'_, User>>,
    ) -> Result<Outcome<User>> {
        if !self.config.registration_open {
            return Err(Error::new(
                ErrorCode::RegistrationClosed,
                "Accounts are made by administrators here; ask one.",
            ));
        }
        let new = NewUser { role: Role::User, ..new };
        self.insert_user(new, ContactPolicy::Refuse, remember).await
    }
}
