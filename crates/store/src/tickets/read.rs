//! Reading tickets: one statement with everything that a ticket shows.

use atc_core::{
    caller::Visibility,
    category::Slug,
    id::{TeamId, TicketId, TicketNumber, TicketRef, UserId},
    json::RawJson,
    text::{Description, Tag, Title},
    ticket::{Priority, TeamSummary, Ticket},
    user::UserSummary,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, FromQueryResult, JoinType, QueryResult,
    sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement},
};

use super::Tickets;
use crate::{Engine, Result, StoreError, external_id::known_as, users::summary};

#[derive(FromQueryResult)]
struct TicketRow {
    number: i64,
    id: uuid::Uuid,
    title: String,
    description: String,
    status: String,
    priority: i16,
    category: String,
    tags: String,
    source: String,
    requester_id: uuid::Uuid,
    requester_email: String,
    requester_name: String,
    assignee_id: Option<uuid::Uuid>,
    assignee_email: Option<String>,
    assignee_name: Option<String>,
    team_id: Option<uuid::Uuid>,
    team_name: Option<String>,
    metadata: String,
    triage: Option<String>,
    comment_count: i32,
    file_count: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    version: i64,
}

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// The ticket of this id or number, if it is there and visible.
    pub async fn find(
        &self,
        reference: TicketRef,
        visibility: Visibility,
    ) -> Result<Option<Ticket>> {
        let mut query = select(visibility);
        by_reference(&mut query, reference);
        let Some(row) = self.db.query_one(&query).await? else { return Ok(None) };
        Ok(self.tickets(&[row], visibility).await?.pop())
    }

    /// The ticket of this id or number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not visible.
    pub async fn get(&self, reference: TicketRef, visibility: Visibility) -> Result<Ticket> {
        self.find(reference, visibility).await?.ok_or(StoreError::NotFound("ticket"))
    }

    /// The same, locked until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not visible.
    pub async fn get_for_update(
        &self,
        reference: TicketRef,
        visibility: Visibility,
    ) -> Result<Ticket> {
        let mut query = select(visibility);
        by_reference(&mut query, reference);
        if self.engine == Engine::Postgres {
            // Its key stays as it is: rows that refer to it may be written meanwhile, and waiting for
            // them from both sides would be a deadlock.
            query.lock_with_tables(LockType::NoKeyUpdate, ["t"]);
        }
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("ticket"))?;
        self.tickets(&[row], visibility).await?.pop().ok_or(StoreError::NotFound("ticket"))
    }

    /// The number of this ticket, and who requested it, without reading the rest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not visible.
    pub async fn number_of(
        &self,
        reference: TicketRef,
        visibility: Visibility,
    ) -> Result<TicketNumber> {
        let mut query = Query::select();
        query.column(("t", "number")).from_as("tickets", "t");
        restrict(&mut query, visibility);
        by_reference(&mut query, reference);
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("ticket"))?;
        Ok(TicketNumber(row.try_get_by_index(0)?))
    }

    /// The tickets of these numbers that are there and visible, in no order.
    pub async fn find_many(
        &self,
        numbers: &[TicketNumber],
        visibility: Visibility,
    ) -> Result<Vec<Ticket>> {
        let mut query = select(visibility);
        query.and_where(Expr::col(("t", "number")).is_in(numbers.iter().map(|n| n.0)));
        self.tickets(&self.db.query_all(&query).await?, visibility).await
    }

    /// The tickets of these rows, with their files.
    pub(super) async fn tickets(
        &self,
        rows: &[QueryResult],
        visibility: Visibility,
    ) -> Result<Vec<Ticket>> {
        let mut tickets = Vec::with_capacity(rows.len());
        let mut with_files = Vec::new();
        for row in rows {
            let row = TicketRow::from_query_result(row, "")?;
            if row.file_count > 0 {
                with_files.push(TicketNumber(row.number));
            }
            tickets.push(from_row(row)?);
        }
        if !with_files.is_empty() {
            let files = crate::files::attachments(self.db, &with_files, visibility).await?;
            for (number, file) in files {
                let of_it = tickets.iter_mut().filter(|ticket| ticket.number == number);
                of_it.for_each(|ticket| ticket.attachments.push(file.clone()));
            }
        }
        Ok(tickets)
    }

    /// The tickets of these identities that are there and visible, in no order.
    pub async fn find_many_by_id(
        &self,
        ids: &[TicketId],
        visibility: Visibility,
    ) -> Result<Vec<Ticket>> {
        let mut query = select(visibility);
        query.and_where(Expr::col(("t", "id")).is_in(ids.iter().map(|id| id.0)));
        self.tickets(&self.db.query_all(&query).await?, visibility).await
    }

    /// Whether a ticket is there that another system knows by this identity, or whose own identity
    /// this is.
    pub async fn is_known(&self, external_id: &str) -> Result<bool> {
        let mut query = Query::select();
        query.column("number").from("tickets").cond_where(known_as(external_id)).limit(1);
        Ok(self.db.query_one(&query).await?.is_some())
    }
}

/// Everything a ticket shows, of the tickets that this visibility allows.
pub(super) fn select(visibility: Visibility) -> SelectStatement {
    // What the requester may not see is never fetched for them.
    let (triage, comment_count) = match visibility {
        Visibility::All => ("triage", "comment_count"),
        Visibility::Own(_) => ("triage_public", "public_comment_count"),
    };
    let mut query = Query::select();
    query
        .columns(
            [
                "number",
                "id",
                "title",
                "description",
                "status",
                "priority",
                "category",
                "tags",
                "source",
                "requester_id",
                "assignee_id",
                "team_id",
                "metadata",
                "created_at",
                "updated_at",
                "resolved_at",
                "closed_at",
                "version",
                "file_count",
            ]
            .map(|c| ("t", c)),
        )
        .expr_as(Expr::col(("t", triage)), "triage")
        .expr_as(Expr::col(("t", comment_count)), "comment_count")
        .expr_as(Expr::col(("r", "email")), "requester_email")
        .expr_as(Expr::col(("r", "full_name")), "requester_name")
        .expr_as(Expr::col(("a", "email")), "assignee_email")
        .expr_as(Expr::col(("a", "full_name")), "assignee_name")
        .expr_as(Expr::col(("m", "name")), "team_name")
        .from_as("tickets", "t")
        .join_as(
            JoinType::InnerJoin,
            "users",
            "r",
            Expr::col(("r", "id")).equals(("t", "requester_id")),
        )
        .join_as(
            JoinType::LeftJoin,
            "users",
            "a",
            Expr::col(("a", "id")).equals(("t", "assignee_id")),
        )
        .join_as(JoinType::LeftJoin, "teams", "m", Expr::col(("m", "id")).equals(("t", "team_id")));
    restrict(&mut query, visibility);
    query
}

/// Narrows a statement over `tickets t` to what is visible.
pub(super) fn restrict(query: &mut SelectStatement, visibility: Visibility) {
    if let Visibility::Own(me) = visibility {
        query.and_where(Expr::col(("t", "requester_id")).eq(me.0));
    }
}

fn by_reference(query: &mut SelectStatement, reference: TicketRef) {
    query.and_where(match reference {
        TicketRef::Id(id) => Expr::col(("t", "id")).eq(id.0),
        TicketRef::Number(number) => Expr::col(("t", "number")).eq(number.0),
    });
}

fn from_row(row: TicketRow) -> Result<Ticket> {
    Ok(Ticket {
        id: TicketId(row.id),
        number: TicketNumber(row.number),
        title: Title::parse(row.title).map_err(|e| StoreError::unreadable("tickets.title", e))?,
        description: Description::parse(row.description)
            .map_err(|e| StoreError::unreadable("tickets.description", e))?,
        status: row.status.parse().map_err(|e| StoreError::unreadable("tickets.status", e))?,
        priority: Priority::from_rank(row.priority)
            .ok_or_else(|| StoreError::unreadable("tickets.priority", row.priority))?,
        category: Slug::parse(row.category)
            .map_err(|e| StoreError::unreadable("tickets.category", e))?,
        tags: tags(&row.tags)?,
        source: row.source.parse().map_err(|e| StoreError::unreadable("tickets.source", e))?,
        requester: UserSummary {
            id: UserId(row.requester_id),
            email: row.requester_email,
            full_name: row.requester_name,
        },
        assignee: summary(row.assignee_id, row.assignee_email, row.assignee_name),
        team: row.team_id.zip(row.team_name).map(|(id, name)| TeamSummary { id: TeamId(id), name }),
        metadata: RawJson::trusted(row.metadata),
        triage: row.triage.map(RawJson::trusted),
        attachments: Vec::new(),
        comment_count: i64::from(row.comment_count),
        created_at: row.created_at,
        updated_at: row.updated_at,
        resolved_at: row.resolved_at,
        closed_at: row.closed_at,
        version: row.version,
    })
}

pub(super) fn tags(json: &str) -> Result<Vec<Tag>> {
    // Most tickets have none; parsing nothing is free.
    if json == "[]" {
        return Ok(Vec::new());
    }
    serde_json::from_str(json).map_err(|e| StoreError::unreadable("tickets.tags", e))
}
