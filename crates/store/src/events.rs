//! The event log: written in the transaction of what it tells, read in one order by everybody.
//!
//! A position is (mark, sequence). The mark numbers the transaction, and a reader stops below the oldest
//! one that still runs: what it has passed never grows, whichever transaction commits first. What a
//! reader has not seen is always after its position.

use std::fmt::Write as _;

use atc_core::{
    event::{Audience, Event, EventId, EventKind, NewEvent, Subject, Topic, Viewer},
    id::{CommentId, FileId, NotificationId, TicketId, UserId},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{Engine, Result, Store, StoreError, Tx, db::dialect};

/// The event log, seen through a connection or a transaction.
pub struct Events<'a, C> {
    db: &'a C,
    engine: Engine,
}

impl Store {
    /// The event log.
    #[must_use]
    pub fn events(&self) -> Events<'_, DatabaseConnection> {
        Events { db: self.reader(), engine: self.engine() }
    }
}

impl Tx {
    /// The event log.
    #[must_use]
    pub fn events(&self) -> Events<'_, DatabaseTransaction> {
        Events { db: &self.inner, engine: self.engine }
    }
}

/// Which events a reader wants.
#[derive(Debug, Clone)]
pub struct EventFilter {
    /// Only those that this person may hear of; `None` for all.
    pub viewer: Option<Viewer>,
    /// Only those of these streams; `None` for all, also those that are never shown.
    pub topics: Option<Vec<Topic>>,
}

impl EventFilter {
    /// Everything, for whoever tells it on.
    pub const EVERYTHING: Self = Self { viewer: None, topics: None };
}

#[derive(FromQueryResult)]
struct EventRow {
    sequence: i64,
    mark: i64,
    kind: String,
    subject_id: uuid::Uuid,
    comment_id: Option<uuid::Uuid>,
    staff: bool,
    person_id: Option<uuid::Uuid>,
    other_id: Option<uuid::Uuid>,
    at: DateTime<Utc>,
}

impl<C: ConnectionTrait> Events<'_, C> {
    /// Up to `limit` events after a position, oldest first. Those of transactions that still run, or
    /// that began after one that still runs, are not among them yet.
    pub async fn after(
        &self,
        position: EventId,
        filter: &EventFilter,
        limit: u64,
    ) -> Result<Vec<Event>> {
        let mut values: Vec<Value> = vec![position.mark.into(), position.sequence.into()];
        let mut sql = format!(
            "SELECT sequence, mark, kind, subject_id, comment_id, staff, person_id, other_id, at \
             FROM events WHERE (mark, sequence) > ($1, $2) AND {}",
            dialect::event_is_settled(self.engine)
        );
        // Writing to a String cannot fail.
        if let Some(viewer) = filter.viewer {
            values.push(viewer.user.0.into());
            let staff = if viewer.staff { "staff OR " } else { "" };
            let n = values.len();
            let _ = write!(sql, " AND ({staff}person_id = ${n} OR other_id = ${n})");
        }
        if let Some(topics) = &filter.topics {
            // Our own words, which need no quoting.
            let kinds = topics.iter().flat_map(|topic| topic.kinds());
            let kinds: Vec<_> = kinds.map(|kind| format!("'{}'", kind.as_str())).collect();
            let _ = write!(sql, " AND kind IN ({})", kinds.join(","));
        }
        values.push(limit.into());
        let _ = write!(sql, " ORDER BY mark, sequence LIMIT ${}", values.len());
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        let rows = EventRow::find_by_statement(statement).all(self.db).await?;
        rows.iter().map(event).collect()
    }

    /// The position after all that a reader can see now; whatever is written later comes after it.
    pub async fn head(&self) -> Result<EventId> {
        let sql = format!("SELECT {}", dialect::event_head(self.engine));
        let statement = Statement::from_string(self.db.get_database_backend(), sql);
        let row = self.db.query_one_raw(statement).await?;
        let row = row.ok_or(StoreError::NotFound("head of the event log"))?;
        Ok(EventId { mark: row.try_get_by_index(0)?, sequence: row.try_get_by_index(1)? })
    }
}

impl Events<'_, DatabaseTransaction> {
    /// Adds an event. It is told once this transaction has committed.
    pub async fn append(&self, new: NewEvent) -> Result<()> {
        let (subject, comment) = columns(new.subject);
        let [person, other] = new.audience.people.map(|person| person.map(|id| id.0));
        let sql = format!(
            "INSERT INTO events \
             (mark, kind, subject_id, comment_id, staff, person_id, other_id, at) \
             VALUES ({}, $1, $2, $3, $4, $5, $6, $7)",
            dialect::event_mark(self.engine)
        );
        self.db
            .execute_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                sql,
                [
                    new.kind.as_str().into(),
                    subject.into(),
                    comment.into(),
                    new.audience.staff.into(),
                    person.into(),
                    other.into(),
                    new.at.into(),
                ],
            ))
            .await?;
        Ok(())
    }

    /// Forgets events from before this moment, but for those that an endpoint of webhooks may still have
    /// to be told of. Answers how many.
    pub async fn delete_before(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(
            self.db.get_database_backend(),
            "DELETE FROM events WHERE at < $1 AND \
             (NOT EXISTS (SELECT 1 FROM webhook_endpoints WHERE disabled IS NULL) OR \
             (mark, sequence) <= (SELECT mark, sequence FROM webhook_position))",
            [before.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }
}

/// How a subject is kept.
pub(crate) fn columns(subject: Subject) -> (uuid::Uuid, Option<uuid::Uuid>) {
    match subject {
        Subject::Ticket(id) => (id.0, None),
        Subject::Comment(ticket, comment) => (ticket.0, Some(comment.0)),
        Subject::File(id) => (id.0, None),
        Subject::Notification(id) => (id.0, None),
        Subject::Access(id) => (id.0, None),
    }
}

/// The subject that is kept so.
pub(crate) fn subject(kind: EventKind, id: uuid::Uuid, comment: Option<uuid::Uuid>) -> Subject {
    match (kind.topic(), comment) {
        (Some(Topic::Tickets), Some(comment)) => Subject::Comment(TicketId(id), CommentId(comment)),
        (Some(Topic::Tickets), None) => Subject::Ticket(TicketId(id)),
        (Some(Topic::Files), _) => Subject::File(FileId(id)),
        (Some(Topic::Notifications), _) => Subject::Notification(NotificationId(id)),
        (None, _) => Subject::Access(UserId(id)),
    }
}

fn event(row: &EventRow) -> Result<Event> {
    let kind = EventKind::parse(&row.kind)
        .ok_or_else(|| StoreError::unreadable("events.kind", &row.kind))?;
    let subject = subject(kind, row.subject_id, row.comment_id);
    Ok(Event {
        id: EventId { mark: row.mark, sequence: row.sequence },
        kind,
        subject,
        audience: Audience {
            staff: row.staff,
            people: [row.person_id.map(UserId), row.other_id.map(UserId)],
        },
        at: row.at,
    })
}
