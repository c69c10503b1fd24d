//! Whoever sits at the machine.

use atc_core::{
    Caller, Ctx, Error, Result,
    caller::Credential,
    page::{Limit, PageRequest},
    user::{Role, User},
};

use crate::App;

impl App {
    /// The circumstances of a command of the operator, who acts as the first administrator.
    ///
    /// # Errors
    /// A conflict when there is no active administrator.
    pub async fn operator(&self) -> Result<Ctx> {
        let admin = self.oldest_admin().await?.ok_or_else(|| {
            Error::conflict(
                "There is no active administrator to act as; make one: \
                 ai-tickets user create --email admin@example.com --role admin",
            )
        })?;
        Ok(Ctx {
            request_id: self.new_id().to_string(),
            caller: Caller {
                user_id: admin.id,
                email: admin.email,
                role: admin.role,
                credential: Credential::Operator,
            },
            now: self.now(),
        })
    }

    pub(super) async fn oldest_admin(&self) -> Result<Option<User>> {
        let limit = Limit::new(Limit::MAX.into()).unwrap_or_default();
        let mut page = PageRequest { limit, after: None, include_total: false };
        loop {
            let users = self.list_users(page).await?;
            let admin = users.items.into_iter().find(|u| u.is_active && u.role == Role::Admin);
            if admin.is_some() || users.next.is_none() {
                return Ok(admin);
            }
            page = PageRequest { limit, after: users.next, include_total: false };
        }
    }
}
