//! Notifications of people, and the kinds that they do not want.

use std::fmt::Write as _;

use atc_core::{
    id::{CommentId, FileId, NotificationId, TicketId, TicketNumber, UserId},
    notification::{NewNotification, Notification, NotificationKind, NotifiedTicket},
    page::{Page, PageRequest},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement, Value,
};

use crate::{Result, Store, StoreError, Tx, users::summary};

/// Notifications, seen through a connection or a transaction.
pub struct Notifications<'a, C>(&'a C);

impl Store {
    /// Notifications.
    #[must_use]
    pub fn notifications(&self) -> Notifications<'_, DatabaseConnection> {
        Notifications(self.reader())
    }
}

impl Tx {
    /// Notifications.
    #[must_use]
    pub fn notifications(&self) -> Notifications<'_, DatabaseTransaction> {
        Notifications(&self.inner)
    }
}

/// Where in the list of notifications one stands: its place in the order of writing.
pub type NotificationPosition = i64;

/// Everything that a notification shows.
const SELECT: &str = "SELECT n.number, n.id, n.user_id, n.kind, n.comment_id, n.file_id, \
     n.created_at, n.read_at, n.actor_id, a.email AS actor_email, a.full_name AS actor_name, \
     n.ticket_number, t.id AS ticket_id, t.title AS ticket_title FROM notifications n \
     LEFT JOIN users a ON a.id = n.actor_id LEFT JOIN tickets t ON t.number = n.ticket_number";

#[derive(FromQueryResult)]
struct Row {
    number: i64,
    id: uuid::Uuid,
    user_id: uuid::Uuid,
    kind: String,
    comment_id: Option<uuid::Uuid>,
    file_id: Option<uuid::Uuid>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
    actor_id: Option<uuid::Uuid>,
    actor_email: Option<String>,
    actor_name: Option<String>,
    ticket_number: Option<i64>,
    ticket_id: Option<uuid::Uuid>,
    ticket_title: Option<String>,
}

impl<C: ConnectionTrait> Notifications<'_, C> {
    /// A person's notifications, newest first.
    pub async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        page: PageRequest<NotificationPosition>,
    ) -> Result<Page<Notification, NotificationPosition>> {
        let mut values: Vec<Value> = vec![user.0.into()];
        let mut sql = format!("{SELECT} WHERE n.user_id = $1");
        if unread_only {
            sql.push_str(" AND n.read_at IS NULL");
        }
        if let Some(after) = page.after {
            values.push(after.into());
            sql.push_str(" AND n.number < $2");
        }
        values.push((page.limit.get() + 1).into());
        // Writing to a String cannot fail.
        let _ = write!(sql, " ORDER BY n.number DESC LIMIT ${}", values.len());
        let rows = self.rows(sql, values).await?;
        let total = match (page.include_total, unread_only) {
            (false, _) => None,
            (true, true) => Some(self.count_unread(user).await?),
            (true, false) => Some(
                self.count("SELECT count(*) FROM notifications WHERE user_id = $1", user).await?,
            ),
        };
        let page = Page::from_surplus(rows, page.limit, |row| row.number).with_total(total);
        let items = page.items.into_iter().map(notification).collect::<Result<Vec<_>>>()?;
        Ok(Page { items, next: page.next, total: page.total })
    }

    /// Those of these identities that are there, in no order.
    pub async fn find_many(&self, ids: &[NotificationId]) -> Result<Vec<Notification>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<_> = (1..=ids.len()).map(|n| format!("${n}")).collect();
        let sql = format!("{SELECT} WHERE n.id IN ({})", places.join(","));
        let rows = self.rows(sql, ids.iter().map(|id| id.0.into()).collect()).await?;
        rows.into_iter().map(notification).collect()
    }

    /// One notification of a person.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or another person's.
    pub async fn get(&self, user: UserId, id: NotificationId) -> Result<Notification> {
        let found = self.find_many(&[id]).await?.pop().filter(|n| n.user == user);
        found.ok_or(StoreError::NotFound("notification"))
    }

    /// How many notifications a person has not read.
    pub async fn count_unread(&self, user: UserId) -> Result<u64> {
        let sql = "SELECT count(*) FROM notifications WHERE user_id = $1 AND read_at IS NULL";
        self.count(sql, user).await
    }

    /// The kinds that a person has switched off.
    pub async fn switched_off(&self, user: UserId) -> Result<Vec<NotificationKind>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "SELECT kind FROM notification_preferences WHERE user_id = $1 AND NOT enabled",
            [user.0.into()],
        );
        let rows = self.0.query_all_raw(statement).await?;
        let kinds = rows.iter().map(|row| row.try_get_by_index::<String>(0));
        // A kind of a later version is nothing to this one.
        Ok(kinds
            .collect::<Result<Vec<_>, _>>()?
            .iter()
            .filter_map(|k| NotificationKind::parse(k))
            .collect())
    }

    async fn rows(&self, sql: String, values: Vec<Value>) -> Result<Vec<Row>> {
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        Ok(Row::find_by_statement(statement).all(self.0).await?)
    }

    async fn count(&self, sql: &'static str, user: UserId) -> Result<u64> {
        let db = self.0.get_database_backend();
        let statement = Statement::from_sql_and_values(db, sql, [user.0.into()]);
        let row = self.0.query_one_raw(statement).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl Notifications<'_, DatabaseTransaction> {
    /// Writes a notification down, unless its person has switched the kind off. Answers whether it did.
    pub async fn insert(&self, new: &NewNotification) -> Result<bool> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "INSERT INTO notifications \
             (id, user_id, kind, actor_id, ticket_number, comment_id, file_id, created_at) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS \
             (SELECT 1 FROM notification_preferences \
              WHERE user_id = $2 AND kind = $3 AND NOT enabled)",
            [
                new.id.0.into(),
                new.user.0.into(),
                new.kind.as_str().into(),
                new.actor.map(|id| id.0).into(),
                new.ticket.map(|n| n.0).into(),
                new.comment.map(|id| id.0).into(),
                new.file.map(|id| id.0).into(),
                new.at.into(),
            ],
        );
        Ok(self.0.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Marks one notification of a person as read, unless it is already.
    pub async fn mark_read(
        &self,
        user: UserId,
        id: NotificationId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "UPDATE notifications SET read_at = $3 \
             WHERE user_id = $1 AND id = $2 AND read_at IS NULL",
            [user.0.into(), id.0.into(), now.into()],
        );
        self.0.execute_raw(statement).await?;
        Ok(())
    }

    /// Marks all notifications of a person as read. Answers how many were not.
    pub async fn mark_all_read(&self, user: UserId, now: DateTime<Utc>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL",
            [user.0.into(), now.into()],
        );
        Ok(self.0.execute_raw(statement).await?.rows_affected())
    }

    /// Switches a kind on or off for a person.
    pub async fn prefer(&self, user: UserId, kind: NotificationKind, enabled: bool) -> Result<()> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "INSERT INTO notification_preferences (user_id, kind, enabled) VALUES ($1, $2, $3) \
             ON CONFLICT (user_id, kind) DO UPDATE SET enabled = excluded.enabled",
            [user.0.into(), kind.as_str().into(), enabled.into()],
        );
        self.0.execute_raw(statement).await?;
        Ok(())
    }

    /// Forgets notifications from before this moment. Answers how many.
    pub async fn delete_before(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "DELETE FROM notifications WHERE created_at < $1",
            [before.into()],
        );
        Ok(self.0.execute_raw(statement).await?.rows_affected())
    }
}

fn notification(row: Row) -> Result<Notification> {
    let kind = NotificationKind::parse(&row.kind)
        .ok_or_else(|| StoreError::unreadable("notifications.kind", &row.kind))?;
    let ticket = row.ticket_id.zip(row.ticket_number).zip(row.ticket_title);
    Ok(Notification {
        id: NotificationId(row.id),
        user: UserId(row.user_id),
        kind,
        actor: summary(row.actor_id, row.actor_email, row.actor_name),
        ticket: ticket.map(|((id, number), title)| NotifiedTicket {
            id: TicketId(id),
            number: TicketNumber(number),
            title,
        }),
        comment: row.comment_id.map(CommentId),
        file: row.file_id.map(FileId),
        created_at: row.created_at,
        read_at: row.read_at,
    })
}
