//! Reading files.

use std::collections::HashSet;

use atc_core::{
    caller::Visibility,
    file::{
        Attachment, BlobKey, ContentType, Extracted, File, FileFilter, FileId, FileName, FileText,
        ReadFile, Sha256,
    },
    id::{TicketId, TicketNumber, UserId},
    page::{Page, PageRequest},
    user::UserSummary,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, JoinType, Order, QueryResult,
    Statement,
    sea_query::{Expr, ExprTrait, Func, LockType, Query, SelectStatement},
};

use super::{FilePosition, Files};
use crate::{Result, StoreError};

#[derive(FromQueryResult)]
struct FileRow {
    number: i64,
    id: uuid::Uuid,
    filename: String,
    content_type: String,
    size: i64,
    sha256: String,
    blob: String,
    status: String,
    progress: f64,
    error: Option<String>,
    kind: Option<String>,
    ticket_id: Option<uuid::Uuid>,
    uploaded_by: uuid::Uuid,
    email: String,
    full_name: String,
    created_at: DateTime<Utc>,
    version: i64,
}

impl<C: ConnectionTrait> Files<'_, C> {
    /// The file of this identity.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not visible.
    pub async fn get(&self, id: FileId, visibility: Visibility) -> Result<File> {
        let mut query = select(visibility);
        query.and_where(Expr::col(("f", "id")).eq(id.0));
        let row = self.0.query_one(&query).await?.ok_or(StoreError::NotFound("file"))?;
        Ok(file(&row)?.1)
    }

    /// Those of these files that are there and visible, in no order.
    pub async fn find_many(&self, ids: &[FileId], visibility: Visibility) -> Result<Vec<File>> {
        let mut query = select(visibility);
        query.and_where(Expr::col(("f", "id")).is_in(ids.iter().map(|id| id.0)));
        let rows = self.0.query_all(&query).await?;
        rows.iter().map(|row| Ok(file(row)?.1)).collect()
    }

    /// The visible files, newest first.
    pub async fn list(
        &self,
        filter: &FileFilter,
        visibility: Visibility,
        page: PageRequest<FilePosition>,
    ) -> Result<Page<File, FilePosition>> {
        let mut query = select(visibility);
        narrow(&mut query, filter);
        let total = if page.include_total {
            let mut count = query.clone();
            count.clear_selects().expr(Func::count(Expr::col(("f", "number"))));
            let row = self.0.query_one(&count).await?.ok_or(StoreError::NotFound("count"))?;
            Some(u64::try_from(row.try_get_by_index::<i64>(0)?).unwrap_or(0))
        } else {
            None
        };
        if let Some(after) = page.after {
            query.and_where(Expr::col(("f", "number")).lt(after));
        }
        query.order_by(("f", "number"), Order::Desc).limit(page.limit.get() + 1);
        let rows = self.0.query_all(&query).await?;
        let rows = rows.iter().map(file).collect::<Result<Vec<_>>>()?;
        let page = Page::from_surplus(rows, page.limit, |(number, _)| *number);
        Ok(page.map(|(_, file)| file).with_total(total))
    }

    /// What was read in a file; `None` where nothing was yet.
    pub async fn content(&self, id: FileId) -> Result<Option<Extracted>> {
        let row = self
            .0
            .query_one_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "SELECT c.extracted, c.text FROM file_contents c \
                 JOIN files f ON f.number = c.file_number WHERE f.id = $1",
                [id.0.into()],
            ))
            .await?;
        let Some(row) = row else { return Ok(None) };
        extracted(&row.try_get_by_index::<String>(0)?, row.try_get_by_index(1)?).map(Some)
    }

    /// What was read in those of these files that are there and were read, in the order of uploading.
    pub async fn read_ones(&self, ids: &[FileId]) -> Result<Vec<ReadFile>> {
        let mut query = Query::select();
        query
            .columns([("f", "filename"), ("f", "uploaded_by")])
            .columns([("c", "extracted"), ("c", "text")])
            .from_as("files", "f")
            .join_as(
                JoinType::InnerJoin,
                "file_contents",
                "c",
                Expr::col(("c", "file_number")).equals(("f", "number")),
            )
            .and_where(Expr::col(("f", "id")).is_in(ids.iter().map(|id| id.0)))
            .order_by(("f", "number"), Order::Asc);
        let rows = self.0.query_all(&query).await?;
        rows.iter()
            .map(|row| {
                Ok(ReadFile {
                    filename: FileName::label(&row.try_get_by_index::<String>(0)?),
                    uploaded_by: UserId(row.try_get_by_index(1)?),
                    content: extracted(
                        &row.try_get_by_index::<String>(2)?,
                        row.try_get_by_index(3)?,
                    )?,
                })
            })
            .collect()
    }

    /// Files beyond `after` whose reading is not over, in the order of uploading, at most `limit`.
    pub async fn unsettled(
        &self,
        after: FilePosition,
        limit: u64,
    ) -> Result<Vec<(FilePosition, FileId)>> {
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            "SELECT number, id FROM files WHERE status IN ('queued', 'processing') \
             AND number > $1 ORDER BY number LIMIT $2",
            [after.into(), limit.into()],
        );
        let rows = self.0.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| Ok((row.try_get_by_index(0)?, FileId(row.try_get_by_index(1)?))))
            .collect()
    }

    /// Which of these keys a file is stored under.
    pub async fn known_blobs(&self, keys: &[BlobKey]) -> Result<HashSet<BlobKey>> {
        let mut query = Query::select();
        query
            .column("blob")
            .from("files")
            .and_where(Expr::col("blob").is_in(keys.iter().map(BlobKey::as_str)));
        let rows = self.0.query_all(&query).await?;
        rows.iter()
            .map(|row| {
                let key: String = row.try_get_by_index(0)?;
                BlobKey::parse(&key).ok_or_else(|| StoreError::unreadable("files.blob", key))
            })
            .collect()
    }
}

impl Files<'_, DatabaseTransaction> {
    /// The file of this identity, locked until the transaction ends; its ticket is locked before it,
    /// as whoever deletes a ticket does, so that nobody waits for the other.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not visible.
    pub async fn get_for_update(&self, id: FileId, visibility: Visibility) -> Result<File> {
        let mut query = select(visibility);
        query.and_where(Expr::col(("f", "id")).eq(id.0));
        if self.0.get_database_backend() == DbBackend::Postgres {
            self.0
                .execute_raw(Statement::from_sql_and_values(
                    DbBackend::Postgres,
                    "SELECT 1 FROM tickets WHERE number = \
                     (SELECT ticket_number FROM files WHERE id = $1) FOR UPDATE",
                    [id.0.into()],
                ))
                .await?;
            // Its key stays as it is: rows that refer to it may be written meanwhile, and waiting for
            // them from both sides would be a deadlock.
            query.lock_with_tables(LockType::NoKeyUpdate, ["f"]);
        }
        let row = self.0.query_one(&query).await?.ok_or(StoreError::NotFound("file"))?;
        Ok(file(&row)?.1)
    }
}

fn select(visibility: Visibility) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns(
            [
                "number",
                "id",
                "filename",
                "content_type",
                "size",
                "sha256",
                "blob",
                "status",
                "progress",
                "error",
                "kind",
                "uploaded_by",
                "created_at",
                "version",
            ]
            .map(|c| ("f", c)),
        )
        .columns([("u", "email"), ("u", "full_name")])
        .expr_as(Expr::col(("t", "id")), "ticket_id")
        .from_as("files", "f")
        .join_as(
            JoinType::InnerJoin,
            "users",
            "u",
            Expr::col(("u", "id")).equals(("f", "uploaded_by")),
        )
        .join_as(
            JoinType::LeftJoin,
            "tickets",
            "t",
            Expr::col(("t", "number")).equals(("f", "ticket_number")),
        );
    restrict(&mut query, visibility);
    query
}

/// A file is its uploader's and the staff's.
fn restrict(query: &mut SelectStatement, visibility: Visibility) {
    if let Visibility::Own(me) = visibility {
        query.and_where(Expr::col(("f", "uploaded_by")).eq(me.0));
    }
}

/// Only the conditions that were asked for: an always-true one would ruin the plan.
fn narrow(query: &mut SelectStatement, filter: &FileFilter) {
    if let Some(id) = filter.ticket_id {
        query.and_where(Expr::col(("t", "id")).eq(id.0));
    }
    if !filter.status.is_empty() {
        let words = filter.status.iter().map(|s| s.as_str());
        query.and_where(Expr::col(("f", "status")).is_in(words));
    }
    if !filter.kind.is_empty() {
        let words = filter.kind.iter().map(|k| k.as_str());
        query.and_where(Expr::col(("f", "kind")).is_in(words));
    }
}

fn file(row: &QueryResult) -> Result<(FilePosition, File)> {
    let row = FileRow::from_query_result(row, "")?;
    let kind = row.kind.as_deref().map(str::parse).transpose();
    let file = File {
        id: FileId(row.id),
        filename: FileName::label(&row.filename),
        content_type: content_type(&row.content_type)?,
        size: size(row.size)?,
        sha256: Sha256::parse(&row.sha256)
            .ok_or_else(|| StoreError::unreadable("files.sha256", &row.sha256))?,
        blob: BlobKey::parse(&row.blob)
            .ok_or_else(|| StoreError::unreadable("files.blob", &row.blob))?,
        status: row.status.parse().map_err(|e| StoreError::unreadable("files.status", e))?,
        progress: row.progress,
        error: row.error,
        kind: kind.map_err(|e| StoreError::unreadable("files.kind", e))?,
        ticket_id: row.ticket_id.map(TicketId),
        uploaded_by: UserSummary {
            id: UserId(row.uploaded_by),
            email: row.email,
            full_name: row.full_name,
        },
        created_at: row.created_at,
        version: row.version,
    };
    Ok((row.number, file))
}

/// Joins what is stored apart.
fn extracted(json: &str, text: String) -> Result<Extracted> {
    let rest: Extracted = serde_json::from_str(json)
        .map_err(|e| StoreError::unreadable("file_contents.extracted", e))?;
    Ok(Extracted { text, ..rest })
}

fn content_type(text: &str) -> Result<ContentType> {
    ContentType::parse(text).ok_or_else(|| StoreError::unreadable("files.content_type", text))
}

fn size(size: i64) -> Result<u64> {
    u64::try_from(size).map_err(|e| StoreError::unreadable("files.size", e))
}

/// The visible files of these tickets, each with its ticket, in the order of uploading.
pub(crate) async fn attachments(
    db: &impl ConnectionTrait,
    tickets: &[TicketNumber],
    visibility: Visibility,
) -> Result<Vec<(TicketNumber, Attachment)>> {
    let mut query = Query::select();
    query
        .columns(
            ["ticket_number", "id", "filename", "content_type", "size", "status"].map(|c| ("f", c)),
        )
        .from_as("files", "f")
        .and_where(Expr::col(("f", "ticket_number")).is_in(tickets.iter().map(|n| n.0)))
        .order_by(("f", "number"), Order::Asc);
    restrict(&mut query, visibility);
    let rows = db.query_all(&query).await?;
    rows.iter()
        .map(|row| {
            let status: String = row.try_get_by_index(5)?;
            let attachment = Attachment {
                id: FileId(row.try_get_by_index(1)?),
                filename: FileName::label(&row.try_get_by_index::<String>(2)?),
                content_type: content_type(&row.try_get_by_index::<String>(3)?)?,
                size: size(row.try_get_by_index(4)?)?,
                status: status.parse().map_err(|e| StoreError::unreadable("files.status", e))?,
            };
            Ok((TicketNumber(row.try_get_by_index(0)?), attachment))
        })
        .collect()
}

/// What was read in the files of these tickets, each with its ticket, in the order of uploading; of
/// each at most `limit` characters.
pub(crate) async fn texts(
    db: &impl ConnectionTrait,
    tickets: &[TicketNumber],
    limit: u32,
) -> Result<Vec<(TicketNumber, FileText)>> {
    let mut query = Query::select();
    query
        .columns([("f", "ticket_number"), ("f", "filename")])
        .expr(Expr::cust(format!("substr(c.text, 1, {limit})")))
        .expr(Expr::cust("f.uploaded_by = t.requester_id"))
        .from_as("files", "f")
        .join_as(
            JoinType::InnerJoin,
            "file_contents",
            "c",
            Expr::col(("c", "file_number")).equals(("f", "number")),
        )
        .join_as(
            JoinType::InnerJoin,
            "tickets",
            "t",
            Expr::col(("t", "number")).equals(("f", "ticket_number")),
        )
        .and_where(Expr::col(("f", "ticket_number")).is_in(tickets.iter().map(|n| n.0)))
        .order_by(("f", "number"), Order::Asc);
    let rows = db.query_all(&query).await?;
    rows.iter()
        .map(|row| {
            let text = FileText {
                filename: FileName::label(&row.try_get_by_index::<String>(1)?),
                text: row.try_get_by_index(2)?,
                public: row.try_get_by_index(3)?,
            };
            Ok((TicketNumber(row.try_get_by_index(0)?), text))
        })
        .collect()
}
