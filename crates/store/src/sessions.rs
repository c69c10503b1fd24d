//! Logins.

use atc_core::{
    caller::{Caller, Credential},
    id::{SessionId, UserId},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    EntityTrait, FromQueryResult, QueryFilter, Statement, sea_query::Expr,
};

use crate::{
    Result, Store, StoreError, Tx,
    entity::session::{ActiveModel, Column, Entity, Model},
    users::{parse_email, parse_role},
};

/// Logins, seen through a connection or a transaction.
pub struct Sessions<'a, C>(&'a C);

impl Store {
    /// Logins.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_, DatabaseConnection> {
        Sessions(self.reader())
    }
}

impl Tx {
    /// Logins.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_, DatabaseTransaction> {
        Sessions(&self.inner)
    }
}

/// One login of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its identity.
    pub id: SessionId,
    /// Who logged in.
    pub user_id: UserId,
    /// Mixed into the refresh tokens.
    pub nonce: [u8; 16],
    /// Which refresh token is the newest.
    pub generation: i64,
    /// When that one was made.
    pub rotated_at: DateTime<Utc>,
    /// When the person logged in.
    pub created_at: DateTime<Utc>,
    /// When the login ends unless it is refreshed.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct CallerRow {
    user_id: uuid::Uuid,
    email: String,
    role: String,
}

impl<C: ConnectionTrait> Sessions<'_, C> {
    /// The person behind a session, if both are alive at `now`: what every request asks first.
    pub async fn find_caller(
        &self,
        id: SessionId,
        user_id: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "SELECT u.id AS user_id, u.email, u.role FROM sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 \
             AND u.is_active",
            [id.0.into(), user_id.0.into(), now.into()],
        );
        let Some(row) = CallerRow::find_by_statement(statement).one(self.0).await? else {
            return Ok(None);
        };
        Ok(Some(Caller {
            user_id: UserId(row.user_id),
            email: parse_email(row.email)?,
            role: parse_role(&row.role)?,
            credential: Credential::Session(id),
        }))
    }

    /// The session of this identity, ended or not.
    pub async fn find(&self, id: SessionId) -> Result<Option<Session>> {
        Entity::find_by_id(id.0).one(self.0).await?.map(session).transpose()
    }
}

impl Sessions<'_, DatabaseTransaction> {
    /// Writes a new session down.
    pub async fn insert(&self, session: &Session) -> Result<()> {
        let row = ActiveModel {
            id: Set(session.id.0),
            user_id: Set(session.user_id.0),
            nonce: Set(session.nonce.to_vec()),
            generation: Set(session.generation),
            rotated_at: Set(session.rotated_at),
            created_at: Set(session.created_at),
            expires_at: Set(session.expires_at),
            revoked_at: Set(session.revoked_at),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Goes from `generation` to the next, unless someone else did so first or the session ended.
    /// Answers whether it did.
    pub async fn rotate(
        &self,
        id: SessionId,
        generation: i64,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<bool> {
        let result = Entity::update_many()
            .col_expr(Column::Generation, Expr::value(generation + 1))
            .col_expr(Column::RotatedAt, Expr::value(now))
            .col_expr(Column::ExpiresAt, Expr::value(expires_at))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Generation.eq(generation))
            .filter(Column::RevokedAt.is_null())
            .exec(self.0)
            .await?;
        Ok(result.rows_affected == 1)
    }

    /// Ends one session.
    pub async fn revoke(&self, id: SessionId, now: DateTime<Utc>) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(now))
            .filter(Column::Id.eq(id.0))
            .filter(Column::RevokedAt.is_null())
            .exec(self.0)
            .await?;
        Ok(())
    }

    /// Ends all sessions of a person, except one.
    pub async fn revoke_all(
        &self,
        user: UserId,
        except: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut update = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(now))
            .filter(Column::UserId.eq(user.0))
            .filter(Column::RevokedAt.is_null());
        if let Some(except) = except {
            update = update.filter(Column::Id.ne(except.0));
        }
        update.exec(self.0).await?;
        Ok(())
    }

    /// Forgets sessions that ended before this moment. Answers how many.
    pub async fn delete_expired(&self, before: DateTime<Utc>) -> Result<u64> {
        let result =
            Entity::delete_many().filter(Column::ExpiresAt.lt(before)).exec(self.0).await?;
        Ok(result.rows_affected)
    }
}

fn session(row: Model) -> Result<Session> {
    Ok(Session {
        id: SessionId(row.id),
        user_id: UserId(row.user_id),
        nonce: row
            .nonce
            .try_into()
            .map_err(|_| StoreError::unreadable("sessions.nonce", "wrong length"))?,
        generation: row.generation,
        rotated_at: row.rotated_at,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    })
}
