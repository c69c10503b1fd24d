//! The audit trail of tickets.

use atc_core::{
    caller::Visibility,
    id::{TicketEventId, TicketNumber, UserId},
    page::{Page, PageRequest},
    ticket::{AuditChange, AuditEntry, AuditKind},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, FromQueryResult, JoinType, Order, Statement, Value,
    sea_query::{Expr, ExprTrait, Query},
};

use super::Tickets;
use crate::{Result, StoreError, users::summary};

/// Where in the audit trail an entry stands: its place in the order of writing.
pub type AuditPosition = i64;

/// An entry to be added to the audit trail.
#[derive(Debug, Clone)]
pub struct NewAuditEntry<'a> {
    /// Its identity.
    pub id: TicketEventId,
    /// The ticket it is about.
    pub ticket: TicketNumber,
    /// What happened.
    pub kind: AuditKind,
    /// Who did it; `None` for the system itself.
    pub actor: Option<UserId>,
    /// What changed.
    pub changes: Vec<AuditChange>,
    /// Whether only staff may see the entry.
    pub internal: bool,
    /// The request that did it.
    pub request_id: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct AuditRow {
    sequence: i64,
    id: uuid::Uuid,
    kind: String,
    changes: String,
    at: DateTime<Utc>,
    actor_id: Option<uuid::Uuid>,
    actor_email: Option<String>,
    actor_name: Option<String>,
}

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// The visible entries of a ticket's audit trail, oldest first.
    pub async fn audit_trail(
        &self,
        number: TicketNumber,
        visibility: Visibility,
        page: PageRequest<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>> {
        let mut query = Query::select();
        query
            .columns(["sequence", "id", "kind", "changes", "at", "actor_id"].map(|c| ("e", c)))
            .expr_as(Expr::col(("u", "email")), "actor_email")
            .expr_as(Expr::col(("u", "full_name")), "actor_name")
            .from_as("ticket_events", "e")
            .join_as(
                JoinType::LeftJoin,
                "users",
                "u",
                Expr::col(("u", "id")).equals(("e", "actor_id")),
            )
            .and_where(Expr::col(("e", "ticket_number")).eq(number.0))
            .order_by(("e", "sequence"), Order::Asc)
            .limit(page.limit.get() + 1);
        if !visibility.sees_internal() {
            query.and_where(Expr::col(("e", "internal")).eq(Value::from(false)));
        }
        if let Some(after) = page.after {
            query.and_where(Expr::col(("e", "sequence")).gt(after));
        }
        let rows = self.db.query_all(&query).await?;
        let rows = rows
            .iter()
            .map(|row| AuditRow::from_query_result(row, "").map_err(StoreError::from))
            .collect::<Result<Vec<_>>>()?;
        let page = Page::from_surplus(rows, page.limit, |row| row.sequence);
        let items = page.items.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
        Ok(Page { items, next: page.next, total: None })
    }
}

impl Tickets<'_, DatabaseTransaction> {
    /// Adds an entry to a ticket's audit trail.
    pub async fn record(&self, entry: NewAuditEntry<'_>) -> Result<()> {
        let changes = serde_json::to_string(&entry.changes)
            .map_err(|e| StoreError::unreadable("ticket_events.changes", e))?;
        self.db
            .execute_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                "INSERT INTO ticket_events \
                 (id, ticket_number, kind, actor_id, changes, internal, request_id, at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                [
                    entry.id.0.into(),
                    entry.ticket.0.into(),
                    entry.kind.as_str().into(),
                    entry.actor.map(|id| id.0).into(),
                    changes.into(),
                    entry.internal.into(),
                    entry.request_id.into(),
                    entry.at.into(),
                ],
            ))
            .await?;
        Ok(())
    }
}

fn entry(row: AuditRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: TicketEventId(row.id),
        kind: AuditKind::parse(&row.kind)
            .ok_or_else(|| StoreError::unreadable("ticket_events.kind", &row.kind))?,
        actor: summary(row.actor_id, row.actor_email, row.actor_name),
        changes: serde_json::from_str(&row.changes)
            .map_err(|e| StoreError::unreadable("ticket_events.changes", e))?,
        at: row.at,
    })
}
