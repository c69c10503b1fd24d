//! Codes with which programs get what a person let them. Each serves once.

use atc_core::{
    id::{GrantId, UserId},
    text::Name,
    token::Scope,
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Statement, Value};

use crate::{
    Result, StoreError, Tx,
    tokens::{parse_scopes, scope_text},
};

/// Codes, seen through a transaction.
pub struct OauthCodes<'a>(&'a DatabaseTransaction);

impl Tx {
    /// Codes with which programs get what a person let them.
    #[must_use]
    pub fn oauth_codes(&self) -> OauthCodes<'_> {
        OauthCodes(&self.inner)
    }
}

/// A code as it is kept, without itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthCode {
    /// Who agreed.
    pub user_id: UserId,
    /// To which program.
    pub client_id: String,
    /// What the person saw of its name.
    pub client_name: Name,
    /// And of where it is.
    pub client_place: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// SHA-256 of what the program must know (RFC 7636).
    pub challenge: [u8; 32],
    /// The server that it is for.
    pub resource: String,
    /// What the person agreed to.
    pub scopes: Vec<Scope>,
    /// Until when it serves.
    pub expires_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    user_id: uuid::Uuid,
    client_id: String,
    client_name: String,
    client_place: String,
    redirect_uri: String,
    challenge: Vec<u8>,
    resource: String,
    scopes: String,
    expires_at: DateTime<Utc>,
}

impl TryFrom<Row> for OauthCode {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let name = Name::parse(row.client_name);
        let challenge = row.challenge.try_into();
        Ok(Self {
            user_id: UserId(row.user_id),
            client_id: row.client_id,
            client_name: name.map_err(|e| StoreError::unreadable("oauth_codes.client_name", e))?,
            client_place: row.client_place,
            redirect_uri: row.redirect_uri,
            challenge: challenge
                .map_err(|_| StoreError::unreadable("oauth_codes.challenge", "wrong length"))?,
            resource: row.resource,
            scopes: parse_scopes("oauth_codes.scopes", &row.scopes)?,
            expires_at: row.expires_at,
        })
    }
}

impl OauthCodes<'_> {
    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    /// Writes a code down.
    pub async fn insert(&self, secret_hash: &[u8; 32], code: &OauthCode) -> Result<()> {
        let sql = "INSERT INTO oauth_codes (secret_hash, user_id, client_id, client_name, \
                   client_place, redirect_uri, challenge, resource, scopes, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = [
            secret_hash.to_vec().into(),
            code.user_id.0.into(),
            code.client_id.as_str().into(),
            code.client_name.as_str().into(),
            code.client_place.as_str().into(),
            code.redirect_uri.as_str().into(),
            code.challenge.to_vec().into(),
            code.resource.as_str().into(),
            scope_text(&code.scopes).into(),
            code.expires_at.into(),
        ];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Takes a code for a grant, if nobody did yet: of two who try at once, one gets it. What is taken
    /// serves no more, whatever becomes of the grant.
    pub async fn take(&self, secret_hash: &[u8; 32], grant: GrantId) -> Result<Option<OauthCode>> {
        let sql = "UPDATE oauth_codes SET grant_id = $2 WHERE secret_hash = $1 AND grant_id IS NULL \
                   RETURNING user_id, client_id, client_name, client_place, redirect_uri, challenge, \
                   resource, scopes, expires_at";
        let statement = self.statement(sql, [secret_hash.to_vec().into(), grant.0.into()]);
        Row::find_by_statement(statement).one(self.0).await?.map(TryInto::try_into).transpose()
    }

    /// What a code was taken for, while that is remembered.
    pub async fn taken_for(&self, secret_hash: &[u8; 32]) -> Result<Option<GrantId>> {
        let sql = "SELECT grant_id FROM oauth_codes WHERE secret_hash = $1";
        let row = self.0.query_one_raw(self.statement(sql, [secret_hash.to_vec().into()])).await?;
        let id: Option<uuid::Uuid> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
        Ok(id.map(GrantId))
    }

    /// Forgets all codes of a person.
    pub async fn delete_of(&self, user: UserId) -> Result<()> {
        let sql = "DELETE FROM oauth_codes WHERE user_id = $1";
        self.0.execute_raw(self.statement(sql, [user.0.into()])).await?;
        Ok(())
    }

    /// Forgets codes that ended before this moment. Answers how many.
    pub async fn delete_expired(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "DELETE FROM oauth_codes WHERE expires_at < $1";
        Ok(self.0.execute_raw(self.statement(sql, [before.into()])).await?.rows_affected())
    }
}
