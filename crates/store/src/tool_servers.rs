//! Servers of others whose tools agents may use.

mod tools;

use std::time::Duration;

use atc_core::{
    id::ToolServerId,
    tool_server::{ServerName, ToolServer},
    webhook::EndpointUrl,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{Result, Store, StoreError, Tx, db::dialect};

/// Servers of others, seen through a connection or a transaction.
pub struct ToolServers<'a, C>(&'a C);

impl Store {
    /// Servers of others whose tools agents may use.
    #[must_use]
    pub fn tool_servers(&self) -> ToolServers<'_, DatabaseConnection> {
        ToolServers(self.reader())
    }
}

impl Tx {
    /// Servers of others whose tools agents may use.
    #[must_use]
    pub fn tool_servers(&self) -> ToolServers<'_, DatabaseTransaction> {
        ToolServers(&self.inner)
    }
}

const COLUMNS: &str = "id, name, url, has_token, header_names, enabled, connect_timeout_ms, \
     call_timeout_ms, checked_at, last_error, note, created_at, updated_at, version";

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    name: String,
    url: String,
    has_token: bool,
    header_names: String,
    enabled: bool,
    connect_timeout_ms: i32,
    call_timeout_ms: i32,
    checked_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl<C: ConnectionTrait> ToolServers<'_, C> {
    /// All servers by name; there are never many.
    pub async fn list(&self) -> Result<Vec<ToolServer>> {
        self.rows("ORDER BY name", vec![]).await
    }

    /// One server.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get(&self, id: ToolServerId) -> Result<ToolServer> {
        let mut rows = self.rows("WHERE id = $1", vec![id.0.into()]).await?;
        rows.pop().ok_or(StoreError::NotFound("tool server"))
    }

    /// A server and what it is shown, sealed, as they belong together; `None` where it is shown nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get_with_secrets(
        &self,
        id: ToolServerId,
    ) -> Result<(ToolServer, Option<Vec<u8>>)> {
        self.find_whole(id, "").await?.ok_or(StoreError::NotFound("tool server"))
    }

    async fn find_whole(
        &self,
        id: ToolServerId,
        hold: &str,
    ) -> Result<Option<(ToolServer, Option<Vec<u8>>)>> {
        let sql = format!("SELECT {COLUMNS}, secrets FROM tool_servers WHERE id = $1 {hold}");
        let row = self.0.query_one_raw(self.statement(sql, vec![id.0.into()])).await?;
        let Some(row) = row else { return Ok(None) };
        let secrets = row.try_get("", "secrets")?;
        Ok(Some((server(Row::from_query_result(&row, "")?)?, secrets)))
    }

    async fn rows(&self, which: &str, values: Vec<Value>) -> Result<Vec<ToolServer>> {
        let sql = format!("SELECT {COLUMNS} FROM tool_servers {which}");
        let rows = Row::find_by_statement(self.statement(sql, values)).all(self.0).await?;
        rows.into_iter().map(server).collect()
    }

    fn statement(&self, sql: impl Into<String>, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

impl ToolServers<'_, DatabaseTransaction> {
    /// The same, if it is there; nobody else changes it until the transaction ends.
    pub async fn find_with_secrets_for_update(
        &self,
        id: ToolServerId,
    ) -> Result<Option<(ToolServer, Option<Vec<u8>>)>> {
        self.find_whole(id, dialect::hold_rows(self.0.get_database_backend())).await
    }

    /// One server, which nobody else changes until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get_for_update(&self, id: ToolServerId) -> Result<ToolServer> {
        let found = self.find_with_secrets_for_update(id).await?;
        found.map(|(server, _)| server).ok_or(StoreError::NotFound("tool server"))
    }

    /// Writes a new server down.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is.
    pub async fn insert(&self, new: &ToolServer, secrets: Option<Vec<u8>>) -> Result<()> {
        let sql = "INSERT INTO tool_servers (id, name, url, has_token, header_names, enabled, \
             connect_timeout_ms, call_timeout_ms, checked_at, last_error, note, created_at, \
             updated_at, version, secrets) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let mut values = values(new);
        values.push(secrets.into());
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Writes everything but the secrets of a server.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is.
    pub async fn update(&self, server: &ToolServer) -> Result<()> {
        let sql = "UPDATE tool_servers SET name = $2, url = $3, has_token = $4, \
             header_names = $5, enabled = $6, connect_timeout_ms = $7, call_timeout_ms = $8, \
             checked_at = $9, last_error = $10, note = $11, created_at = $12, updated_at = $13, \
             version = $14 WHERE id = $1";
        self.0.execute_raw(self.statement(sql, values(server))).await?;
        Ok(())
    }

    /// Writes what a server is shown.
    pub async fn set_secrets(&self, id: ToolServerId, sealed: Option<Vec<u8>>) -> Result<()> {
        let sql = "UPDATE tool_servers SET secrets = $2 WHERE id = $1";
        self.0.execute_raw(self.statement(sql, vec![id.0.into(), sealed.into()])).await?;
        Ok(())
    }

    /// Notes that a server could not be asked, without counting it as a change.
    pub async fn note_failure(
        &self,
        id: ToolServerId,
        error: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "UPDATE tool_servers SET last_error = $2, checked_at = $3 WHERE id = $1";
        let values = vec![id.0.into(), error.into(), at.into()];
        self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Deletes a server with all its tools.
    pub async fn delete(&self, id: ToolServerId) -> Result<()> {
        let sql = "DELETE FROM tool_servers WHERE id = $1";
        self.0.execute_raw(self.statement(sql, vec![id.0.into()])).await?;
        Ok(())
    }
}

/// The columns in the order in which they are written.
fn values(server: &ToolServer) -> Vec<Value> {
    vec![
        server.id.0.into(),
        server.name.as_str().into(),
        server.url.as_str().into(),
        server.has_token.into(),
        server.header_names.join(" ").into(),
        server.enabled.into(),
        millis(server.connect_timeout).into(),
        millis(server.call_timeout).into(),
        server.checked_at.into(),
        server.last_error.clone().into(),
        server.note.clone().into(),
        server.created_at.into(),
        server.updated_at.into(),
        server.version.into(),
    ]
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn server(row: Row) -> Result<ToolServer> {
    let name = ServerName::parse(row.name);
    let url = EndpointUrl::parse(row.url);
    let duration = |ms: i32| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    Ok(ToolServer {
        id: ToolServerId(row.id),
        name: name.map_err(|e| StoreError::unreadable("tool_servers.name", e))?,
        url: url.map_err(|e| StoreError::unreadable("tool_servers.url", e))?,
        has_token: row.has_token,
        header_names: row.header_names.split_whitespace().map(str::to_owned).collect(),
        enabled: row.enabled,
        connect_timeout: duration(row.connect_timeout_ms),
        call_timeout: duration(row.call_timeout_ms),
        checked_at: row.checked_at,
        last_error: row.last_error,
        note: row.note,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
