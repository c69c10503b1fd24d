//! Comments on tickets.

use atc_core::{
    caller::Visibility,
    comment::Comment,
    id::{CommentId, TicketId, TicketNumber, UserId},
    page::{Page, PageRequest},
    text::CommentBody,
    user::UserSummary,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use crate::{
    Result, Store, StoreError, Tx,
    entity::comment::{ActiveModel, Column, Entity},
};

/// Comments, seen through a connection or a transaction.
pub struct Comments<'a, C>(&'a C);

impl Store {
    /// Comments.
    #[must_use]
    pub fn comments(&self) -> Comments<'_, DatabaseConnection> {
        Comments(self.reader())
    }
}

impl Tx {
    /// Comments.
    #[must_use]
    pub fn comments(&self) -> Comments<'_, DatabaseTransaction> {
        Comments(&self.inner)
    }
}

/// Where in the comments of a ticket one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentPosition {
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The tie-breaker.
    pub id: CommentId,
}

#[derive(FromQueryResult)]
struct CommentRow {
    id: uuid::Uuid,
    ticket_id: uuid::Uuid,
    author_id: uuid::Uuid,
    email: String,
    full_name: String,
    body: String,
    internal: bool,
    created_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    version: i64,
}

impl<C: ConnectionTrait> Comments<'_, C> {
    /// The comment of this identity on this ticket, if it is there and visible.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] otherwise.
    pub async fn get(
        &self,
        ticket: TicketNumber,
        id: CommentId,
        visibility: Visibility,
    ) -> Result<Comment> {
        let mut query = select(ticket, visibility);
        query.and_where(Expr::col(("c", "id")).eq(id.0));
        let row = self.0.query_one(&query).await?.ok_or(StoreError::NotFound("comment"))?;
        comment(CommentRow::from_query_result(&row, "")?)
    }

    /// The comments of these identities that are there, in no order, internal notes among them.
    pub async fn find_many(&self, ids: &[CommentId]) -> Result<Vec<Comment>> {
        let mut query = select_any();
        query.and_where(Expr::col(("c", "id")).is_in(ids.iter().map(|id| id.0)));
        let rows = self.0.query_all(&query).await?;
        rows.iter().map(|row| comment(CommentRow::from_query_result(row, "")?)).collect()
    }

    /// The visible comments of a ticket, oldest first.
    pub async fn list(
        &self,
        ticket: TicketNumber,
        visibility: Visibility,
        page: PageRequest<CommentPosition>,
    ) -> Result<Page<Comment, CommentPosition>> {
        let mut query = select(ticket, visibility);
        if let Some(after) = page.after {
            query.and_where(
                Expr::tuple([Expr::col(("c", "created_at")), Expr::col(("c", "id"))])
                    .gt(Expr::tuple([Expr::val(after.created_at), Expr::val(after.id.0)])),
            );
        }
        query
            .order_by(("c", "created_at"), sea_orm::Order::Asc)
            .order_by(("c", "id"), sea_orm::Order::Asc)
            .limit(page.limit.get() + 1);
        let rows = self.0.query_all(&query).await?;
        let comments = rows
            .iter()
            .map(|row| comment(CommentRow::from_query_result(row, "")?))
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::from_surplus(comments, page.limit, |c| CommentPosition {
            created_at: c.created_at,
            id: c.id,
        }))
    }
}

impl Comments<'_, DatabaseTransaction> {
    /// Writes a new comment down. The ticket's counters are the caller's business.
    pub async fn insert(&self, ticket: TicketNumber, comment: &Comment) -> Result<()> {
        let row = ActiveModel {
            id: Set(comment.id.0),
            ticket_number: Set(ticket.0),
            author_id: Set(comment.author.id.0),
            body: Set(comment.body.as_str().to_owned()),
            internal: Set(comment.internal),
            created_at: Set(comment.created_at),
            edited_at: Set(comment.edited_at),
            version: Set(comment.version),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Writes body, visibility and edit mark of a comment.
    pub async fn update(&self, comment: &Comment) -> Result<()> {
        let row = ActiveModel {
            id: Set(comment.id.0),
            body: Set(comment.body.as_str().to_owned()),
            internal: Set(comment.internal),
            edited_at: Set(comment.edited_at),
            version: Set(comment.version),
            ..ActiveModel::default()
        };
        Entity::update(row).exec(self.0).await?;
        Ok(())
    }

    /// Deletes a comment.
    pub async fn delete(&self, id: CommentId) -> Result<()> {
        Entity::delete_by_id(id.0).exec(self.0).await?;
        Ok(())
    }
}

/// The text of all comments of a ticket, for the full-text index.
pub(crate) async fn bodies(
    db: &impl ConnectionTrait,
    ticket: TicketNumber,
) -> Result<Vec<(String, bool)>> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Body, Column::Internal])
        .filter(Column::TicketNumber.eq(ticket.0))
        .order_by_asc(Column::CreatedAt)
        .into_tuple()
        .all(db)
        .await?)
}

fn select(ticket: TicketNumber, visibility: Visibility) -> SelectStatement {
    let mut query = select_any();
    query.and_where(Expr::col(("c", "ticket_number")).eq(ticket.0));
    if !visibility.sees_internal() {
        query.and_where(Expr::col(("c", "internal")).eq(Value::from(false)));
    }
    query
}

fn select_any() -> SelectStatement {
    let mut query = Query::select();
    query
        .columns(
            ["id", "author_id", "body", "internal", "created_at", "edited_at", "version"]
                .map(|c| ("c", c)),
        )
        .expr_as(Expr::col(("t", "id")), "ticket_id")
        .columns([("u", "email"), ("u", "full_name")])
        .from_as("comments", "c")
        .join_as(
            sea_orm::JoinType::InnerJoin,
            "tickets",
            "t",
            Expr::col(("t", "number")).equals(("c", "ticket_number")),
        )
        .join_as(
            sea_orm::JoinType::InnerJoin,
            "users",
            "u",
            Expr::col(("u", "id")).equals(("c", "author_id")),
        );
    query
}

fn comment(row: CommentRow) -> Result<Comment> {
    Ok(Comment {
        id: CommentId(row.id),
        ticket_id: TicketId(row.ticket_id),
        author: UserSummary {
            id: UserId(row.author_id),
            email: row.email,
            full_name: row.full_name,
        },
        body: CommentBody::parse(row.body)
            .map_err(|e| StoreError::unreadable("comments.body", e))?,
        internal: row.internal,
        created_at: row.created_at,
        edited_at: row.edited_at,
        version: row.version,
    })
}
