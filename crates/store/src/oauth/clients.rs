//! Programs that made themselves known.

use atc_core::{grant::OauthClient, text::Name};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{Result, Store, StoreError, Tx};

/// Programs that made themselves known, seen through a connection or a transaction.
pub struct OauthClients<'a, C>(&'a C);

impl Store {
    /// Programs that made themselves known.
    #[must_use]
    pub fn oauth_clients(&self) -> OauthClients<'_, DatabaseConnection> {
        OauthClients(self.reader())
    }
}

impl Tx {
    /// Programs that made themselves known.
    #[must_use]
    pub fn oauth_clients(&self) -> OauthClients<'_, DatabaseTransaction> {
        OauthClients(&self.inner)
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    name: String,
    redirect_uris: String,
    fresh_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for OauthClient {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let name = Name::parse(row.name);
        Ok(Self {
            id: row.id,
            name: name.map_err(|e| StoreError::unreadable("oauth_clients.name", e))?,
            redirect_uris: row.redirect_uris.lines().map(str::to_owned).collect(),
            fresh_until: row.fresh_until,
            created_at: row.created_at,
        })
    }
}

impl<C: ConnectionTrait> OauthClients<'_, C> {
    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    /// The program of this identity.
    pub async fn find(&self, id: &str) -> Result<Option<OauthClient>> {
        let sql = "SELECT id, name, redirect_uris, fresh_until, created_at FROM oauth_clients \
                   WHERE id = $1";
        let statement = self.statement(sql, [id.into()]);
        Row::find_by_statement(statement).one(self.0).await?.map(TryInto::try_into).transpose()
    }

    /// How many there are.
    pub async fn count(&self) -> Result<u64> {
        let statement = self.statement("SELECT count(*) FROM oauth_clients", []);
        let row = self.0.query_one_raw(statement).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(count.try_into().unwrap_or(0))
    }
}

impl OauthClients<'_, DatabaseTransaction> {
    /// Writes a program down, or what its document says now.
    pub async fn put(&self, client: &OauthClient) -> Result<()> {
        let sql = "INSERT INTO oauth_clients (id, name, redirect_uris, fresh_until, created_at) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
                   name = excluded.name, redirect_uris = excluded.redirect_uris, \
                   fresh_until = excluded.fresh_until";
        let values = [
            client.id.as_str().into(),
            client.name.as_str().into(),
            client.redirect_uris.join("\n").into(),
            client.fresh_until.into(),
            client.created_at.into(),
        ];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Notes that a person let a program do something.
    pub async fn touch(&self, id: &str, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE oauth_clients SET last_used_at = $2 WHERE id = $1";
        self.0.execute_raw(self.statement(sql, [id.into(), now.into()])).await?;
        Ok(())
    }

    /// Forgets programs to which nobody ever agreed and that came before `never`, and those to which
    /// nobody agreed since `since`, unless something let them is still there. Answers how many.
    pub async fn delete_unused(&self, never: DateTime<Utc>, since: DateTime<Utc>) -> Result<u64> {
        let sql = "DELETE FROM oauth_clients WHERE ((last_used_at IS NULL AND created_at < $1) \
                   OR last_used_at < $2) AND NOT EXISTS (SELECT 1 FROM oauth_grants g \
                   WHERE g.client_id = oauth_clients.id)";
        let done = self.0.execute_raw(self.statement(sql, [never.into(), since.into()])).await?;
        Ok(done.rows_affected())
    }
}
