//! Events on their way to other systems, and every attempt at it.

use std::fmt::Write as _;

use atc_core::{
    event::{Audience, Event, EventId, EventKind},
    id::{WebhookDeliveryId, WebhookEndpointId},
    page::{Page, PageRequest},
    webhook::{DeliveryAttempt, DeliveryState, WebhookDelivery},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{
    Result, Store, StoreError, Tx,
    db::dialect,
    events::{columns, subject},
};

/// Deliveries of webhooks, seen through a connection or a transaction.
pub struct WebhookDeliveries<'a, C>(&'a C);

impl Store {
    /// Deliveries of webhooks.
    #[must_use]
    pub fn webhook_deliveries(&self) -> WebhookDeliveries<'_, DatabaseConnection> {
        WebhookDeliveries(self.reader())
    }
}

impl Tx {
    /// Deliveries of webhooks.
    #[must_use]
    pub fn webhook_deliveries(&self) -> WebhookDeliveries<'_, DatabaseTransaction> {
        WebhookDeliveries(&self.inner)
    }
}

/// Where in the list of deliveries one stands: its place in the order of writing.
pub type DeliveryPosition = i64;

const SELECT: &str = "SELECT number, id, endpoint_id, mark, sequence, kind, subject_id, \
     comment_id, event_at, state, attempts, created_at, finished_at FROM webhook_deliveries";

#[derive(FromQueryResult)]
struct Row {
    number: i64,
    id: uuid::Uuid,
    endpoint_id: uuid::Uuid,
    mark: i64,
    sequence: i64,
    kind: String,
    subject_id: uuid::Uuid,
    comment_id: Option<uuid::Uuid>,
    event_at: DateTime<Utc>,
    state: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct AttemptRow {
    number: i32,
    at: DateTime<Utc>,
    duration_ms: i32,
    status: Option<i32>,
    error: Option<String>,
    answer: Option<String>,
}

impl<C: ConnectionTrait> WebhookDeliveries<'_, C> {
    /// The deliveries to an endpoint, newest first.
    pub async fn list(
        &self,
        endpoint: WebhookEndpointId,
        state: Option<DeliveryState>,
        page: PageRequest<DeliveryPosition>,
    ) -> Result<Page<WebhookDelivery, DeliveryPosition>> {
        let mut values: Vec<Value> = vec![endpoint.0.into()];
        let mut wanted = "endpoint_id = $1".to_owned();
        // Writing to a String cannot fail.
        if let Some(state) = state {
            values.push(state.as_str().into());
            let _ = write!(wanted, " AND state = ${}", values.len());
        }
        let total = if page.include_total {
            let sql = format!("SELECT count(*) FROM webhook_deliveries WHERE {wanted}");
            let row = self.0.query_one_raw(self.statement(sql, values.clone())).await?;
            let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
            Some(u64::try_from(count).unwrap_or(0))
        } else {
            None
        };
        if let Some(after) = page.after {
            values.push(after.into());
            let _ = write!(wanted, " AND number < ${}", values.len());
        }
        values.push((page.limit.get() + 1).into());
        let n = values.len();
        let sql = format!("{SELECT} WHERE {wanted} ORDER BY number DESC LIMIT ${n}");
        let rows = Row::find_by_statement(self.statement(sql, values)).all(self.0).await?;
        let page = Page::from_surplus(rows, page.limit, |row| row.number).with_total(total);
        let items = page.items.iter().map(delivery).collect::<Result<Vec<_>>>()?;
        Ok(Page { items, next: page.next, total: page.total })
    }

    /// One delivery, if it is there.
    pub async fn find(&self, id: WebhookDeliveryId) -> Result<Option<WebhookDelivery>> {
        let sql = format!("{SELECT} WHERE id = $1");
        let row = Row::find_by_statement(self.statement(sql, vec![id.0.into()]));
        row.one(self.0).await?.as_ref().map(delivery).transpose()
    }

    /// One delivery to an endpoint.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or another endpoint's.
    pub async fn get(
        &self,
        endpoint: WebhookEndpointId,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        let found = self.find(id).await?.filter(|delivery| delivery.endpoint == endpoint);
        found.ok_or(StoreError::NotFound("webhook delivery"))
    }

    /// Deliveries beyond `after` that are not over, in the order of writing, at most `limit`.
    pub async fn pending(
        &self,
        after: DeliveryPosition,
        limit: u64,
    ) -> Result<Vec<(DeliveryPosition, WebhookDeliveryId)>> {
        let sql = "SELECT number, id FROM webhook_deliveries WHERE state = 'pending' \
             AND number > $1 ORDER BY number LIMIT $2";
        let values = vec![after.into(), limit.into()];
        let rows = self.0.query_all_raw(self.statement(sql.to_owned(), values)).await?;
        rows.iter()
            .map(|row| Ok((row.try_get_by_index(0)?, WebhookDeliveryId(row.try_get_by_index(1)?))))
            .collect()
    }

    /// What is sent, once it was decided.
    pub async fn body(&self, id: WebhookDeliveryId) -> Result<Option<String>> {
        let sql = "SELECT body FROM webhook_deliveries WHERE id = $1".to_owned();
        let row = self.0.query_one_raw(self.statement(sql, vec![id.0.into()])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// Every attempt at a delivery, first to last.
    pub async fn attempts(&self, id: WebhookDeliveryId) -> Result<Vec<DeliveryAttempt>> {
        let sql = "SELECT number, at, duration_ms, status, error, answer FROM webhook_attempts \
             WHERE delivery_id = $1 ORDER BY number";
        let statement = self.statement(sql.to_owned(), vec![id.0.into()]);
        let rows = AttemptRow::find_by_statement(statement).all(self.0).await?;
        Ok(rows.into_iter().map(attempt).collect())
    }

    fn statement(&self, sql: String, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

impl WebhookDeliveries<'_, DatabaseTransaction> {
    /// One delivery, if it is there; nobody else changes it until the transaction ends.
    pub async fn find_for_update(&self, id: WebhookDeliveryId) -> Result<Option<WebhookDelivery>> {
        let hold = dialect::hold_rows(self.0.get_database_backend());
        let sql = format!("{SELECT} WHERE id = $1 {hold}");
        let row = Row::find_by_statement(self.statement(sql, vec![id.0.into()]));
        row.one(self.0).await?.as_ref().map(delivery).transpose()
    }

    /// Writes down that an event is to be told to an endpoint.
    pub async fn insert(
        &self,
        id: WebhookDeliveryId,
        endpoint: WebhookEndpointId,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (subject, comment) = columns(event.subject);
        let sql = "INSERT INTO webhook_deliveries (id, endpoint_id, mark, sequence, kind, \
             subject_id, comment_id, event_at, state, attempts, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', 0, $9)";
        let values = vec![
            id.0.into(),
            endpoint.0.into(),
            event.id.mark.into(),
            event.id.sequence.into(),
            event.kind.as_str().into(),
            subject.into(),
            comment.into(),
            event.at.into(),
            now.into(),
        ];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Decides what is sent, unless that was decided. Answers what it is.
    pub async fn decide_body(&self, id: WebhookDeliveryId, body: &str) -> Result<Option<String>> {
        let sql = "UPDATE webhook_deliveries SET body = $2 WHERE id = $1 AND body IS NULL";
        let values = vec![id.0.into(), body.into()];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        self.body(id).await
    }

    /// Writes an attempt down, and how far the delivery is after it. Answers the number of the attempt.
    pub async fn record(
        &self,
        id: WebhookDeliveryId,
        attempt: &DeliveryAttempt,
        state: DeliveryState,
    ) -> Result<()> {
        let sql = "INSERT INTO webhook_attempts \
             (delivery_id, number, at, duration_ms, status, error, answer) \
             SELECT id, attempts + 1, $2, $3, $4, $5, $6 FROM webhook_deliveries WHERE id = $1";
        let values = vec![
            id.0.into(),
            attempt.at.into(),
            i32::try_from(attempt.duration_ms).unwrap_or(i32::MAX).into(),
            attempt.status.map(i32::from).into(),
            attempt.error.clone().into(),
            attempt.answer.clone().into(),
        ];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        self.set_state(id, state, attempt.at, 1).await
    }

    /// Writes down how far a delivery is, without an attempt.
    pub async fn settle(
        &self,
        id: WebhookDeliveryId,
        state: DeliveryState,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.set_state(id, state, now, 0).await
    }

    async fn set_state(
        &self,
        id: WebhookDeliveryId,
        state: DeliveryState,
        now: DateTime<Utc>,
        more: i32,
    ) -> Result<()> {
        let sql = "UPDATE webhook_deliveries SET state = $2, finished_at = $3, \
             attempts = attempts + $4 WHERE id = $1";
        let finished = (state != DeliveryState::Pending).then_some(now);
        let values = vec![id.0.into(), state.as_str().into(), finished.into(), more.into()];
        self.0.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Forgets deliveries that ended before this moment. Answers how many.
    pub async fn delete_before(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "DELETE FROM webhook_deliveries WHERE finished_at < $1".to_owned();
        Ok(self.0.execute_raw(self.statement(sql, vec![before.into()])).await?.rows_affected())
    }
}

fn delivery(row: &Row) -> Result<WebhookDelivery> {
    let kind = EventKind::parse(&row.kind)
        .ok_or_else(|| StoreError::unreadable("webhook_deliveries.kind", &row.kind))?;
    let state = DeliveryState::parse(&row.state)
        .ok_or_else(|| StoreError::unreadable("webhook_deliveries.state", &row.state))?;
    Ok(WebhookDelivery {
        id: WebhookDeliveryId(row.id),
        endpoint: WebhookEndpointId(row.endpoint_id),
        event: Event {
            id: EventId { mark: row.mark, sequence: row.sequence },
            kind,
            subject: subject(kind, row.subject_id, row.comment_id),
            audience: Audience::STAFF,
            at: row.event_at,
        },
        state,
        attempts: u16::try_from(row.attempts).unwrap_or(u16::MAX),
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

fn attempt(row: AttemptRow) -> DeliveryAttempt {
    DeliveryAttempt {
        number: u16::try_from(row.number).unwrap_or(u16::MAX),
        at: row.at,
        duration_ms: u32::try_from(row.duration_ms).unwrap_or(0),
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        error: row.error,
        answer: row.answer,
    }
}
