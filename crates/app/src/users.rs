//! Accounts, as administrators see and change them.

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    id::UserId,
    idempotency::{Outcome, Remember},
    page::{Page, PageRequest},
    ports::Wake,
    text::FullName,
    user::{Email, NewUser, Role, User, UserPatch},
};
use atc_store::{Tx, UserPosition};
use chrono::{DateTime, Utc};

use crate::{App, IfMatch, oauth};

impl App {
    /// All accounts, oldest first.
    pub async fn list_users(
        &self,
        page: PageRequest<UserPosition>,
    ) -> Result<Page<User, UserPosition>> {
        Ok(self.store.read(async |store| store.users().list(page).await).await?)
    }

    /// One account.
    pub async fn get_user(&self, id: UserId) -> Result<User> {
        Ok(self.store.users().get(id).await?)
    }

    /// Makes an account with any role. A contact of the same address becomes that account.
    ///
    /// # Errors
    /// A conflict when the address has an account.
    pub async fn create_user(
        &self,
        new: NewUser,
        remember: Option<Remember<'_, User>>,
    ) -> Result<Outcome<User>> {
        self.insert_user(new, ContactPolicy::Promote, remember).await
    }

    /// Changes an account. What it takes away is gone at once.
    ///
    /// # Errors
    /// [`ErrorCode::LastAdmin`] when no active administrator would be left.
    pub async fn update_user(
        &self,
        ctx: &Ctx,
        id: UserId,
        patch: UserPatch,
        if_match: &IfMatch,
    ) -> Result<User> {
        let tx = self.store.begin().await?;
        let user = change_user(&tx, id, patch, if_match, ctx.now).await?;
        self.note_access_change(&tx, id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(user)
    }

    /// Gives the account of this address another role, as the operator at the machine may.
    ///
    /// # Errors
    /// Not found; [`ErrorCode::LastAdmin`].
    pub async fn set_role_as_operator(&self, email: &Email, role: Role) -> Result<User> {
        let found = self.store.users().find_by_email(email).await?;
        let id = found.ok_or_else(|| Error::not_found("user"))?.user.id;
        let tx = self.store.begin().await?;
        let patch = UserPatch { role: Some(role), ..UserPatch::default() };
        let user = change_user(&tx, id, patch, &IfMatch::Unconditional, self.now()).await?;
        self.note_access_change(&tx, id).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(user)
    }

    /// Writes a new account down.
    pub(crate) async fn insert_user(
        &self,
        new: NewUser,
        contacts: ContactPolicy,
        remember: Option<Remember<'_, User>>,
    ) -> Result<Outcome<User>> {
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, self.now()).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        let hash = match &new.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let user = User {
            id: UserId(self.new_id()),
            email: new.email,
            full_name: new.full_name,
            role: new.role,
            is_active: true,
            created_at: self.now(),
            version: 1,
        };
        self.create_once(remember, user.created_at, async |tx| {
            let present = tx.users().find_by_email(&user.email).await?;
            match (present, contacts, hash) {
                (None, _, hash) => insert_new(tx, user, hash).await,
                (Some(contact), ContactPolicy::Promote, Some(hash))
                    if contact.password_hash.is_none() =>
                {
                    promote(tx, contact.user, user, hash).await
                }
                (Some(_), ..) => Err(email_taken()),
            }
        })
        .await
    }

    /// The account of this address; a contact who cannot log in is made where there is none.
    pub(crate) async fn find_or_add_contact(&self, tx: &Tx, email: &Email) -> Result<User> {
        if let Some(found) = tx.users().find_by_email(email).await? {
            return Ok(found.user);
        }
        let name = FullName::parse(email.local_part()).map_err(Error::internal)?;
        let contact = User {
            id: UserId(self.new_id()),
            email: email.clone(),
            full_name: name,
            role: Role::User,
            is_active: true,
            created_at: self.now(),
            version: 1,
        };
        tx.users().insert(&contact, None).await?;
        Ok(contact)
    }
}

/// What a new account does with a contact of the same address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContactPolicy {
    /// Nothing: nobody has proved that the address is theirs.
    Refuse,
    /// The contact becomes the account: an administrator vouches for it.
    Promote,
}

fn email_taken() -> Error {
    Error::conflict("An account with this e-mail exists already.")
}

async fn insert_new(tx: &Tx, user: User, hash: Option<String>) -> Result<User> {
    match tx.users().insert(&user, hash).await {
        Err(e) if e.is_taken("email_key") => Err(email_taken().with_source(e)),
        inserted => Ok(inserted.map(|()| user)?),
    }
}

async fn promote(tx: &Tx, contact: User, wanted: User, hash: String) -> Result<User> {
    let user = User {
        full_name: wanted.full_name,
        role: wanted.role,
        is_active: true,
        version: contact.version + 1,
        ..contact
    };
    tx.users().set_password(user.id, hash).await?;
    tx.users().update(&user).await?;
    Ok(user)
}

async fn change_user(
    tx: &Tx,
    id: UserId,
    patch: UserPatch,
    if_match: &IfMatch,
    now: DateTime<Utc>,
) -> Result<User> {
    // All administrators are locked first and in one order, so that two who demote each other at
    // the same moment cannot both succeed.
    tx.users().lock_admins().await?;
    let before = tx.users().get_for_update(id).await?;
    if_match.check(before.version)?;
    let mut user = before.clone();
    user.role = patch.role.unwrap_or(user.role);
    user.is_active = patch.is_active.unwrap_or(user.is_active);
    user.full_name = patch.full_name.unwrap_or(user.full_name);
    if user == before {
        return Ok(user);
    }
    let was_admin = before.role == Role::Admin && before.is_active;
    let is_admin = user.role == Role::Admin && user.is_active;
    if was_admin && !is_admin && tx.users().count_other_admins(id).await? == 0 {
        return Err(Error::new(
            ErrorCode::LastAdmin,
            "This is the last active administrator; make another one first.",
        ));
    }
    if before.is_active && !user.is_active {
        tx.sessions().revoke_all(id, None, now).await?;
    }
    if user.role < before.role || (before.is_active && !user.is_active) {
        oauth::end_all(tx, id, now).await?;
    }
    user.version += 1;
    tx.users().update(&user).await?;
    Ok(user)
}
