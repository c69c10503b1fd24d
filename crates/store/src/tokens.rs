//! Personal API tokens.

use atc_core::{
    caller::{Caller, Credential},
    id::{TokenId, UserId},
    text::Name,
    token::{ApiToken, Scope},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, Statement,
    sea_query::Expr,
};

use crate::{
    Result, Store, StoreError, Tx,
    entity::api_token::{ActiveModel, Column, Entity, Model},
    users::{parse_email, parse_role},
};

/// Where the scopes of a token stand.
const SCOPES: &str = "api_tokens.scopes";

/// API tokens, seen through a connection or a transaction.
pub struct Tokens<'a, C>(&'a C);

impl Store {
    /// API tokens.
    #[must_use]
    pub fn tokens(&self) -> Tokens<'_, DatabaseConnection> {
        Tokens(self.reader())
    }
}

impl Tx {
    /// API tokens.
    #[must_use]
    pub fn tokens(&self) -> Tokens<'_, DatabaseTransaction> {
        Tokens(&self.inner)
    }
}

/// The person behind a token.
#[derive(Debug, Clone)]
pub struct TokenOwner {
    /// The person, with the token as credential.
    pub caller: Caller,
    /// When the token last served, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct OwnerRow {
    id: uuid::Uuid,
    scopes: String,
    last_used_at: Option<DateTime<Utc>>,
    user_id: uuid::Uuid,
    email: String,
    role: String,
}

impl<C: ConnectionTrait> Tokens<'_, C> {
    /// The person behind the secret with this hash, if token and person are alive at `now`.
    pub async fn find_owner(
        &self,
        secret_hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<TokenOwner>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "SELECT t.id, t.scopes, t.last_used_at, u.id AS user_id, u.email, u.role \
             FROM api_tokens t JOIN users u ON u.id = t.user_id \
             WHERE t.secret_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > $2) \
             AND u.is_active",
            [secret_hash.to_vec().into(), now.into()],
        );
        let Some(row) = OwnerRow::find_by_statement(statement).one(self.0).await? else {
            return Ok(None);
        };
        let credential = Credential::ApiToken {
            id: TokenId(row.id),
            scopes: parse_scopes(SCOPES, &row.scopes)?,
        };
        Ok(Some(TokenOwner {
            caller: Caller {
                user_id: UserId(row.user_id),
                email: parse_email(row.email)?,
                role: parse_role(&row.role)?,
                credential,
            },
            last_used_at: row.last_used_at,
        }))
    }

    /// The person behind a token, if both are alive at `now`.
    pub async fn find_caller(&self, id: TokenId, now: DateTime<Utc>) -> Result<Option<Caller>> {
        let row = Entity::find_by_id(id.0).one(self.0).await?;
        let Some(hash) = row.and_then(|row| row.secret_hash.try_into().ok()) else {
            return Ok(None);
        };
        Ok(self.find_owner(&hash, now).await?.map(|owner| owner.caller))
    }

    /// When a token ends by itself.
    pub async fn expires_at(&self, id: TokenId) -> Result<Option<DateTime<Utc>>> {
        Ok(Entity::find_by_id(id.0).one(self.0).await?.and_then(|row| row.expires_at))
    }

    /// All tokens of a person, oldest first; there are never many.
    pub async fn list(&self, user: UserId) -> Result<Vec<ApiToken>> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.0))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(self.0)
            .await?;
        rows.into_iter().map(token).collect()
    }

    /// How many tokens a person has.
    pub async fn count(&self, user: UserId) -> Result<u64> {
        Ok(Entity::find().filter(Column::UserId.eq(user.0)).count(self.0).await?)
    }
}

impl Tokens<'_, DatabaseTransaction> {
    /// Writes a new token down.
    pub async fn insert(&self, token: &ApiToken, secret_hash: &[u8; 32]) -> Result<()> {
        let row = ActiveModel {
            id: Set(token.id.0),
            user_id: Set(token.user_id.0),
            name: Set(token.name.as_str().to_owned()),
            prefix: Set(token.prefix.clone()),
            secret_hash: Set(secret_hash.to_vec()),
            scopes: Set(scope_text(&token.scopes)),
            expires_at: Set(token.expires_at),
            last_used_at: Set(token.last_used_at),
            created_at: Set(token.created_at),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Deletes a token of this person. Answers whether there was one.
    pub async fn delete(&self, user: UserId, id: TokenId) -> Result<bool> {
        let result = Entity::delete_many()
            .filter(Column::Id.eq(id.0))
            .filter(Column::UserId.eq(user.0))
            .exec(self.0)
            .await?;
        Ok(result.rows_affected == 1)
    }

    /// Notes that a token served.
    pub async fn touch(&self, id: TokenId, now: DateTime<Utc>) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .filter(Column::Id.eq(id.0))
            .exec(self.0)
            .await?;
        Ok(())
    }
}

/// Scopes as a column holds them.
pub(crate) fn scope_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" ")
}

/// The scopes that a column holds.
pub(crate) fn parse_scopes(column: &'static str, text: &str) -> Result<Vec<Scope>> {
    text.split_ascii_whitespace()
        .map(|s| s.parse().map_err(|_| StoreError::unreadable(column, s)))
        .collect()
}

fn token(row: Model) -> Result<ApiToken> {
    Ok(ApiToken {
        id: TokenId(row.id),
        user_id: UserId(row.user_id),
        name: Name::parse(row.name).map_err(|e| StoreError::unreadable("api_tokens.name", e))?,
        prefix: row.prefix,
        scopes: parse_scopes(SCOPES, &row.scopes)?,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    })
}
