//! What people let programs do.

use atc_core::{
    caller::{Caller, Credential},
    grant::Grant,
    id::{GrantId, UserId},
    text::Name,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{
    Result, Store, StoreError, Tx,
    tokens::{parse_scopes, scope_text},
    users::{parse_email, parse_role},
};

const COLUMNS: &str = "id, user_id, client_id, client_name, client_place, resource, scopes, nonce, \
                       generation, created_at, renewed_at, expires_at, revoked_at";

/// What people let programs do, seen through a connection or a transaction.
pub struct Grants<'a, C>(&'a C);

impl Store {
    /// What people let programs do.
    #[must_use]
    pub fn grants(&self) -> Grants<'_, DatabaseConnection> {
        Grants(self.reader())
    }
}

impl Tx {
    /// What people let programs do.
    #[must_use]
    pub fn grants(&self) -> Grants<'_, DatabaseTransaction> {
        Grants(&self.inner)
    }
}

/// A grant with what its refresh tokens are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// What its owner sees.
    pub grant: Grant,
    /// Mixed into its refresh tokens.
    pub nonce: [u8; 16],
    /// Which refresh token is the newest.
    pub generation: i64,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    user_id: uuid::Uuid,
    client_id: String,
    client_name: String,
    client_place: String,
    resource: String,
    scopes: String,
    nonce: Vec<u8>,
    generation: i64,
    created_at: DateTime<Utc>,
    renewed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for StoredGrant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let name = Name::parse(row.client_name);
        let nonce = row.nonce.try_into();
        Ok(Self {
            grant: Grant {
                id: GrantId(row.id),
                user_id: UserId(row.user_id),
                client_id: row.client_id,
                client_name: name
                    .map_err(|e| StoreError::unreadable("oauth_grants.client_name", e))?,
                client_place: row.client_place,
                resource: row.resource,
                scopes: parse_scopes("oauth_grants.scopes", &row.scopes)?,
                created_at: row.created_at,
                renewed_at: row.renewed_at,
                expires_at: row.expires_at,
            },
            nonce: nonce
                .map_err(|_| StoreError::unreadable("oauth_grants.nonce", "wrong length"))?,
            generation: row.generation,
            revoked_at: row.revoked_at,
        })
    }
}

#[derive(FromQueryResult)]
struct CallerRow {
    scopes: String,
    user_id: uuid::Uuid,
    email: String,
    role: String,
}

impl<C: ConnectionTrait> Grants<'_, C> {
    fn statement(
        &self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    /// The grant of this identity, ended or not.
    pub async fn find(&self, id: GrantId) -> Result<Option<StoredGrant>> {
        let sql = format!("SELECT {COLUMNS} FROM oauth_grants WHERE id = $1");
        let statement = self.statement(sql, [id.0.into()]);
        Row::find_by_statement(statement).one(self.0).await?.map(TryInto::try_into).transpose()
    }

    /// The person behind a grant, if both are alive at `now`: what every request asks first.
    pub async fn find_caller(&self, id: GrantId, now: DateTime<Utc>) -> Result<Option<Caller>> {
        let sql = "SELECT g.scopes, u.id AS user_id, u.email, u.role \
                   FROM oauth_grants g JOIN users u ON u.id = g.user_id \
                   WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND u.is_active";
        let statement = self.statement(sql, [id.0.into(), now.into()]);
        let Some(row) = CallerRow::find_by_statement(statement).one(self.0).await? else {
            return Ok(None);
        };
        let scopes = parse_scopes("oauth_grants.scopes", &row.scopes)?;
        Ok(Some(Caller {
            user_id: UserId(row.user_id),
            email: parse_email(row.email)?,
            role: parse_role(&row.role)?,
            credential: Credential::Grant { id, scopes },
        }))
    }

    /// What a person lets programs do at `now`, oldest first; there is never much of it.
    pub async fn list(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Grant>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM oauth_grants WHERE user_id = $1 AND revoked_at IS NULL \
             AND expires_at > $2 ORDER BY created_at, id"
        );
        let statement = self.statement(sql, [user.0.into(), now.into()]);
        let rows = Row::find_by_statement(statement).all(self.0).await?;
        rows.into_iter().map(|row| Ok(StoredGrant::try_from(row)?.grant)).collect()
    }
}

impl Grants<'_, DatabaseTransaction> {
    /// Writes a new grant down.
    pub async fn insert(&self, new: &StoredGrant) -> Result<()> {
        let sql = format!(
            "INSERT INTO oauth_grants ({COLUMNS}) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        );
        let grant = &new.grant;
        let values = [
            grant.id.0.into(),
            grant.user_id.0.into(),
            grant.client_id.as_str().into(),
            grant.client_name.as_str().into(),
            grant.client_place.as_str().into(),
            grant.resource.as_str().into(),
            scope_text(&grant.scopes).into(),
            new.nonce.to_vec().into(),
            new.generation.into(),
            grant.created_at.into(),
            grant.renewed_at.into(),
            grant.expires_at.into(),
            new.revoked_at.into(),
        ];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Goes from `generation` to the next, unless someone else did so first or the grant ended.
    /// Answers whether it did.
    pub async fn rotate(
        &self,
        id: GrantId,
        generation: i64,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "UPDATE oauth_grants SET generation = generation + 1, renewed_at = $3, \
                   expires_at = $4 WHERE id = $1 AND generation = $2 AND revoked_at IS NULL";
        let values = [id.0.into(), generation.into(), now.into(), expires_at.into()];
        Ok(self.0.execute_raw(self.statement(sql, values)).await?.rows_affected() == 1)
    }

    /// Ends a grant; of `user` alone, where one is named. Answers whether there was one to end.
    pub async fn revoke(
        &self,
        id: GrantId,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "UPDATE oauth_grants SET revoked_at = $3 WHERE id = $1 AND revoked_at IS NULL \
                   AND user_id = COALESCE($2, user_id)";
        let values = [id.0.into(), user.map(|id| id.0).into(), now.into()];
        Ok(self.0.execute_raw(self.statement(sql, values)).await?.rows_affected() == 1)
    }

    /// Ends all that a person let programs do.
    pub async fn revoke_all(&self, user: UserId, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE oauth_grants SET revoked_at = $2 \
                   WHERE user_id = $1 AND revoked_at IS NULL";
        self.0.execute_raw(self.statement(sql, [user.0.into(), now.into()])).await?;
        Ok(())
    }

    /// Forgets grants that ended before this moment. Answers how many.
    pub async fn delete_ended(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "DELETE FROM oauth_grants WHERE expires_at < $1 OR revoked_at < $1";
        Ok(self.0.execute_raw(self.statement(sql, [before.into()])).await?.rows_affected())
    }
}
