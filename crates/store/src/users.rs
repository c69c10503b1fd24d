//! People.

use atc_core::{
    id::UserId,
    page::{Page, PageRequest},
    text::FullName,
    user::{Email, Role, User, UserSummary},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseConnection,
    DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr, sea_query::ExprTrait,
};

use crate::{
    Result, Store, StoreError, Tx,
    entity::user::{ActiveModel, Column, Entity, Model},
};

/// People, seen through a connection or a transaction.
pub struct Users<'a, C>(&'a C);

impl Store {
    /// People.
    #[must_use]
    pub fn users(&self) -> Users<'_, DatabaseConnection> {
        Users(self.reader())
    }
}

impl Tx {
    /// People.
    #[must_use]
    pub fn users(&self) -> Users<'_, DatabaseTransaction> {
        Users(&self.inner)
    }
}

/// Where in the list of people a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserPosition {
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// The tie-breaker.
    pub id: UserId,
}

/// What is needed to check a password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// The bcrypt hash; `None` for a contact.
    pub password_hash: Option<String>,
}

impl<C: ConnectionTrait> Users<'_, C> {
    /// The account of this identity.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get(&self, id: UserId) -> Result<User> {
        self.find(id).await?.ok_or(StoreError::NotFound("user"))
    }

    /// The account of this identity, if there is one.
    pub async fn find(&self, id: UserId) -> Result<Option<User>> {
        Entity::find_by_id(id.0).one(self.0).await?.map(user).transpose()
    }

    /// The account of this address, compared without case.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<Credentials>> {
        let row = Entity::find().filter(Column::EmailKey.eq(email.key())).one(self.0).await?;
        row.map(credentials).transpose()
    }

    /// The account of this identity with what is needed to check its password.
    pub async fn get_credentials(&self, id: UserId) -> Result<Credentials> {
        let row = Entity::find_by_id(id.0).one(self.0).await?;
        credentials(row.ok_or(StoreError::NotFound("user"))?)
    }

    /// The accounts of these identities, in no order; unknown ones are left out.
    pub async fn find_many(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let rows =
            Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.0))).all(self.0).await?;
        rows.into_iter().map(user).collect()
    }

    /// Active people whose address is one of these, or begins with one of these before its `@`; all in
    /// lower case.
    pub async fn find_named(&self, names: &[String]) -> Result<Vec<User>> {
        let mut any = Condition::any();
        // What LIKE would take for a pattern stands in no name that is looked for.
        for name in names.iter().filter(|name| !name.contains(['%', '_'])) {
            any = any.add(if name.contains('@') {
                Column::EmailKey.eq(name.as_str())
            } else {
                Column::EmailKey.starts_with(format!("{name}@"))
            });
        }
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find().filter(Column::IsActive.eq(true)).filter(any).all(self.0).await?;
        rows.into_iter().map(user).collect()
    }

    /// All accounts, oldest first.
    pub async fn list(&self, page: PageRequest<UserPosition>) -> Result<Page<User, UserPosition>> {
        let mut query = Entity::find()
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(page.limit.get() + 1);
        if let Some(after) = page.after {
            query = query.filter(
                Expr::tuple([Expr::col(Column::CreatedAt), Expr::col(Column::Id)])
                    .gt(Expr::tuple([Expr::val(after.created_at), Expr::val(after.id.0)])),
            );
        }
        let rows = query.all(self.0).await?.into_iter().map(user).collect::<Result<Vec<_>>>()?;
        let total =
            if page.include_total { Some(Entity::find().count(self.0).await?) } else { None };
        Ok(Page::from_surplus(rows, page.limit, |u| UserPosition {
            created_at: u.created_at,
            id: u.id,
        })
        .with_total(total))
    }

    /// All administrators who may log in.
    pub async fn admins(&self) -> Result<Vec<User>> {
        let rows = Entity::find()
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .filter(Column::IsActive.eq(true))
            .all(self.0)
            .await?;
        rows.into_iter().map(user).collect()
    }

    /// How many active administrators there are besides this one.
    pub async fn count_other_admins(&self, id: UserId) -> Result<u64> {
        Ok(Entity::find()
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .filter(Column::IsActive.eq(true))
            .filter(Column::Id.ne(id.0))
            .count(self.0)
            .await?)
    }

    /// Whether there is any account.
    pub async fn any(&self) -> Result<bool> {
        Ok(Entity::find()
            .select_only()
            .column(Column::Id)
            .limit(1)
            .into_tuple::<uuid::Uuid>()
            .one(self.0)
            .await?
            .is_some())
    }
}

impl Users<'_, DatabaseTransaction> {
    /// Writes a new account down.
    ///
    /// # Errors
    /// [`StoreError::Taken`] on `email_key` when the address has one already.
    pub async fn insert(&self, user: &User, password_hash: Option<String>) -> Result<()> {
        let row = ActiveModel {
            id: Set(user.id.0),
            email: Set(user.email.as_str().to_owned()),
            email_key: Set(user.email.key()),
            full_name: Set(user.full_name.as_str().to_owned()),
            password_hash: Set(password_hash),
            role: Set(user.role.as_str().to_owned()),
            is_active: Set(user.is_active),
            created_at: Set(user.created_at),
            version: Set(user.version),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// The account of this identity, locked until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get_for_update(&self, id: UserId) -> Result<User> {
        let row = Entity::find_by_id(id.0).lock_exclusive().one(self.0).await?;
        row.map(user).transpose()?.ok_or(StoreError::NotFound("user"))
    }

    /// Locks every active administrator, so that two of them cannot leave at the same moment.
    pub async fn lock_admins(&self) -> Result<()> {
        Entity::find()
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .filter(Column::IsActive.eq(true))
            .order_by_asc(Column::Id)
            .lock_exclusive()
            .all(self.0)
            .await?;
        Ok(())
    }

    /// Writes name, role, activity and version of an account.
    pub async fn update(&self, user: &User) -> Result<()> {
        let row = ActiveModel {
            id: Set(user.id.0),
            full_name: Set(user.full_name.as_str().to_owned()),
            role: Set(user.role.as_str().to_owned()),
            is_active: Set(user.is_active),
            version: Set(user.version),
            ..ActiveModel::default()
        };
        Entity::update(row).exec(self.0).await?;
        Ok(())
    }

    /// Sets the password.
    pub async fn set_password(&self, id: UserId, password_hash: String) -> Result<()> {
        let row = ActiveModel {
            id: Set(id.0),
            password_hash: Set(Some(password_hash)),
            ..ActiveModel::default()
        };
        Entity::update(row).exec(self.0).await?;
        Ok(())
    }
}

fn user(row: Model) -> Result<User> {
    Ok(User {
        id: UserId(row.id),
        email: parse_email(row.email)?,
        full_name: FullName::parse(row.full_name)
            .map_err(|e| StoreError::unreadable("users.full_name", e))?,
        role: parse_role(&row.role)?,
        is_active: row.is_active,
        created_at: row.created_at,
        version: row.version,
    })
}

fn credentials(mut row: Model) -> Result<Credentials> {
    let password_hash = row.password_hash.take();
    Ok(Credentials { user: user(row)?, password_hash })
}

pub(crate) fn parse_role(text: &str) -> Result<Role> {
    text.parse().map_err(|_| StoreError::unreadable("users.role", text))
}

pub(crate) fn parse_email(text: String) -> Result<Email> {
    Email::parse(text).map_err(|e| StoreError::unreadable("users.email", e))
}

/// A person as joined to another row: id, address and name, all there or all absent.
pub(crate) fn summary(
    id: Option<uuid::Uuid>,
    email: Option<String>,
    full_name: Option<String>,
) -> Option<UserSummary> {
    Some(UserSummary { id: UserId(id?), email: email?, full_name: full_name? })
}
