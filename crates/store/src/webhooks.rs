//! Other systems that are told what happens, and how far the event log was read for them.

mod deliveries;

use atc_core::{
    event::{EventId, EventKind},
    id::WebhookEndpointId,
    text::Name,
    webhook::{DisabledReason, EndpointUrl, WebhookEndpoint},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

pub use deliveries::{DeliveryPosition, WebhookDeliveries};

use crate::{Result, Store, StoreError, Tx, db::dialect};

/// Endpoints of webhooks, seen through a connection or a transaction.
pub struct Webhooks<'a, C>(&'a C);

impl Store {
    /// Endpoints of webhooks.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks<'_, DatabaseConnection> {
        Webhooks(self.reader())
    }
}

impl Tx {
    /// Endpoints of webhooks.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks<'_, DatabaseTransaction> {
        Webhooks(&self.inner)
    }
}

/// The secrets of an endpoint, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecrets {
    /// The one that is in use.
    pub current: Vec<u8>,
    /// The one before it, and until when it signs as well.
    pub old: Option<(Vec<u8>, DateTime<Utc>)>,
}

const SELECT: &str = "SELECT id, name, url, kinds, disabled, failing_since, enabled_at, \
     created_at, updated_at, version FROM webhook_endpoints";

#[derive(FromQueryResult)]
struct Row {
    id: uuid::Uuid,
    name: String,
    url: String,
    kinds: String,
    disabled: Option<String>,
    failing_since: Option<DateTime<Utc>>,
    enabled_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

#[derive(FromQueryResult)]
struct SecretsRow {
    secret: Vec<u8>,
    old_secret: Option<Vec<u8>>,
    old_secret_until: Option<DateTime<Utc>>,
}

impl<C: ConnectionTrait> Webhooks<'_, C> {
    /// All endpoints, oldest first; there are never many.
    pub async fn list(&self) -> Result<Vec<WebhookEndpoint>> {
        self.rows(format!("{SELECT} ORDER BY created_at, id"), vec![]).await
    }

    /// Those that are called.
    pub async fn enabled(&self) -> Result<Vec<WebhookEndpoint>> {
        self.rows(format!("{SELECT} WHERE disabled IS NULL"), vec![]).await
    }

    /// One endpoint, if it is there.
    pub async fn find(&self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>> {
        Ok(self.rows(format!("{SELECT} WHERE id = $1"), vec![id.0.into()]).await?.pop())
    }

    /// One endpoint.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint> {
        self.find(id).await?.ok_or(StoreError::NotFound("webhook endpoint"))
    }

    /// The secrets of an endpoint.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn secrets(&self, id: WebhookEndpointId) -> Result<SealedSecrets> {
        self.read_secrets(id, "").await?.ok_or(StoreError::NotFound("webhook endpoint"))
    }

    async fn read_secrets(
        &self,
        id: WebhookEndpointId,
        hold: &str,
    ) -> Result<Option<SealedSecrets>> {
        let sql = format!(
            "SELECT secret, old_secret, old_secret_until FROM webhook_endpoints \
             WHERE id = $1 {hold}"
        );
        let row = SecretsRow::find_by_statement(self.statement(sql, vec![id.0.into()]));
        let row = row.one(self.0).await?;
        Ok(row.map(|row| {
            let old = row.old_secret.zip(row.old_secret_until);
            SealedSecrets { current: row.secret, old }
        }))
    }

    /// Up to where the event log was read.
    pub async fn position(&self) -> Result<EventId> {
        let sql = "SELECT mark, sequence FROM webhook_position WHERE id = 1";
        let row = self.0.query_one_raw(self.statement(sql.to_owned(), vec![])).await?;
        let row = row.ok_or(StoreError::NotFound("position of webhooks"))?;
        Ok(EventId { mark: row.try_get_by_index(0)?, sequence: row.try_get_by_index(1)? })
    }

    async fn rows(&self, sql: String, values: Vec<Value>) -> Result<Vec<WebhookEndpoint>> {
        let rows = Row::find_by_statement(self.statement(sql, values)).all(self.0).await?;
        rows.into_iter().map(endpoint).collect()
    }

    fn statement(&self, sql: String, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

impl Webhooks<'_, DatabaseTransaction> {
    /// Writes a new endpoint down.
    pub async fn insert(&self, new: &WebhookEndpoint, secret: Vec<u8>) -> Result<()> {
        let sql = "INSERT INTO webhook_endpoints (id, name, url, kinds, secret, disabled, \
             failing_since, enabled_at, created_at, updated_at, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = vec![
            new.id.0.into(),
            new.name.as_str().into(),
            new.url.as_str().into(),
            kinds_text(&new.kinds).into(),
            secret.into(),
            new.disabled.map(DisabledReason::as_str).into(),
            new.failing_since.into(),
            new.enabled_at.into(),
            new.created_at.into(),
            new.updated_at.into(),
            new.version.into(),
        ];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Writes everything but the secrets of an endpoint.
    pub async fn update(&self, endpoint: &WebhookEndpoint) -> Result<()> {
        let sql = "UPDATE webhook_endpoints SET name = $2, url = $3, kinds = $4, disabled = $5, \
             failing_since = $6, enabled_at = $7, updated_at = $8, version = $9 WHERE id = $1";
        let values = vec![
            endpoint.id.0.into(),
            endpoint.name.as_str().into(),
            endpoint.url.as_str().into(),
            kinds_text(&endpoint.kinds).into(),
            endpoint.disabled.map(DisabledReason::as_str).into(),
            endpoint.failing_since.into(),
            endpoint.enabled_at.into(),
            endpoint.updated_at.into(),
            endpoint.version.into(),
        ];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Notes how a call went: since when all calls have failed.
    pub async fn note_call(
        &self,
        id: WebhookEndpointId,
        went_well: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "UPDATE webhook_endpoints SET failing_since = \
             CASE WHEN $2 THEN NULL ELSE COALESCE(failing_since, $3) END WHERE id = $1";
        let values = vec![id.0.into(), went_well.into(), now.into()];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Ends the calls of an endpoint. Answers whether they went on until now.
    pub async fn disable(
        &self,
        id: WebhookEndpointId,
        why: DisabledReason,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "UPDATE webhook_endpoints SET disabled = $2, updated_at = $3, \
             version = version + 1 WHERE id = $1 AND disabled IS NULL";
        let values = vec![id.0.into(), why.as_str().into(), now.into()];
        Ok(self.0.execute_raw(self.statement(sql.to_owned(), values)).await?.rows_affected() == 1)
    }

    /// The secrets of an endpoint, if it is there; nobody else changes them until the transaction ends.
    pub async fn find_secrets_for_update(
        &self,
        id: WebhookEndpointId,
    ) -> Result<Option<SealedSecrets>> {
        self.read_secrets(id, dialect::hold_rows(self.0.get_database_backend())).await
    }

    /// Writes the secrets of an endpoint.
    pub async fn set_secrets(&self, id: WebhookEndpointId, secrets: SealedSecrets) -> Result<()> {
        let sql = "UPDATE webhook_endpoints SET secret = $2, old_secret = $3, \
             old_secret_until = $4 WHERE id = $1";
        let (old, until) = secrets.old.unzip();
        let values = vec![id.0.into(), secrets.current.into(), old.into(), until.into()];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Deletes an endpoint with all its deliveries.
    pub async fn delete(&self, id: WebhookEndpointId) -> Result<()> {
        let sql = "DELETE FROM webhook_endpoints WHERE id = $1".to_owned();
        self.0.execute_raw(self.statement(sql, vec![id.0.into()])).await?;
        Ok(())
    }

    /// Notes that the event log was read further, unless another process has done so in the meantime:
    /// then it answers `false`, and nothing of what was read may be written.
    pub async fn advance(&self, from: EventId, to: EventId) -> Result<bool> {
        let sql = "UPDATE webhook_position SET mark = $3, sequence = $4 \
             WHERE id = 1 AND mark = $1 AND sequence = $2";
        let values =
            vec![from.mark.into(), from.sequence.into(), to.mark.into(), to.sequence.into()];
        Ok(self.0.execute_raw(self.statement(sql.to_owned(), values)).await?.rows_affected() == 1)
    }
}

fn kinds_text(kinds: &[EventKind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ")
}

fn endpoint(row: Row) -> Result<WebhookEndpoint> {
    let kinds = row.kinds.split_whitespace().map(|word| {
        let kind = EventKind::parse(word);
        kind.ok_or_else(|| StoreError::unreadable("webhook_endpoints.kinds", word))
    });
    let disabled = row.disabled.map(|word| {
        let why = DisabledReason::parse(&word);
        why.ok_or_else(|| StoreError::unreadable("webhook_endpoints.disabled", &word))
    });
    let name = Name::parse(row.name);
    let url = EndpointUrl::parse(row.url);
    Ok(WebhookEndpoint {
        id: WebhookEndpointId(row.id),
        name: name.map_err(|e| StoreError::unreadable("webhook_endpoints.name", e))?,
        url: url.map_err(|e| StoreError::unreadable("webhook_endpoints.url", e))?,
        kinds: kinds.collect::<Result<_>>()?,
        disabled: disabled.transpose()?,
        failing_since: row.failing_since,
        enabled_at: row.enabled_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
