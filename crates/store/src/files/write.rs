//! Writing files.

use atc_core::{
    file::{BlobKey, Extracted, FileId, FileStatus},
    id::TicketNumber,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    Statement,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{Files, NewFileRow};
use crate::{
    Result, StoreError,
    entity::file::{ActiveModel, Column, Entity},
};

impl Files<'_, DatabaseTransaction> {
    /// Writes a new file down.
    pub async fn insert(&self, new: &NewFileRow) -> Result<()> {
        let row = ActiveModel {
            number: NotSet,
            id: Set(new.id.0),
            filename: Set(new.filename.as_str().to_owned()),
            content_type: Set(new.content_type.as_str().to_owned()),
            size: Set(i64::try_from(new.size).map_err(|e| StoreError::unreadable("files.size", e))?),
            sha256: Set(new.sha256.to_string()),
            blob: Set(new.blob.as_str().to_owned()),
            status: Set(FileStatus::Queued.as_str().to_owned()),
            progress: Set(0.0),
            error: Set(None),
            kind: Set(None),
            ticket_number: Set(new.ticket.map(|n| n.0)),
            uploaded_by: Set(new.uploaded_by.0),
            created_at: Set(new.created_at),
            version: Set(1),
        };
        Entity::insert(row).exec_without_returning(self.0).await?;
        self.count_of(new.ticket, 1).await
    }

    /// Makes a file that belongs to no ticket evidence of this one. `false` when it belongs to one
    /// already, or is gone.
    pub async fn attach(&self, id: FileId, ticket: TicketNumber) -> Result<bool> {
        let changed = Entity::update_many()
            .col_expr(Column::TicketNumber, Expr::value(ticket.0))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::Id.eq(id.0))
            .filter(Column::TicketNumber.is_null())
            .exec(self.0)
            .await?
            .rows_affected;
        if changed == 1 {
            self.count_of(Some(ticket), 1).await?;
        }
        Ok(changed == 1)
    }

    /// Notes that it waits to be read, once more.
    pub async fn set_queued(&self, id: FileId) -> Result<()> {
        self.set(id, FileStatus::Queued, 0.0, None).await
    }

    /// Notes how far the reading is, 0 to 1.
    pub async fn set_processing(&self, id: FileId, progress: f64) -> Result<()> {
        self.set(id, FileStatus::Processing, progress, None).await
    }

    /// Notes why it could not be read. What was read before is forgotten.
    pub async fn set_failed(&self, id: FileId, error: &str) -> Result<()> {
        self.set(id, FileStatus::Failed, 1.0, Some(error)).await?;
        self.forget_content(id).await
    }

    /// Keeps what was read in it.
    pub async fn set_processed(&self, id: FileId, content: Extracted) -> Result<()> {
        self.set(id, FileStatus::Processed, 1.0, None).await?;
        let kind = content.kind.as_str();
        Entity::update_many()
            .col_expr(Column::Kind, Expr::value(kind))
            .filter(Column::Id.eq(id.0))
            .exec(self.0)
            .await?;
        let text = content.text;
        let rest = Extracted { text: String::new(), ..content };
        let json = serde_json::to_string(&rest)
            .map_err(|e| StoreError::unreadable("file_contents.extracted", e))?;
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "INSERT INTO file_contents (file_number, text, extracted) \
                 SELECT number, $2, $3 FROM files WHERE id = $1 \
                 ON CONFLICT (file_number) DO UPDATE SET \
                 text = excluded.text, extracted = excluded.extracted",
                [id.0.into(), text.into(), json.into()],
            ))
            .await?;
        Ok(())
    }

    /// Deletes a file. Its bytes are the caller's business.
    pub async fn delete(&self, id: FileId) -> Result<()> {
        let ticket: Option<Option<i64>> = Entity::find()
            .select_only()
            .column(Column::TicketNumber)
            .filter(Column::Id.eq(id.0))
            .into_tuple()
            .one(self.0)
            .await?;
        Entity::delete_many().filter(Column::Id.eq(id.0)).exec(self.0).await?;
        self.count_of(ticket.flatten().map(TicketNumber), -1).await
    }

    /// Deletes all files of a ticket; returns where their bytes are.
    pub async fn delete_of_ticket(&self, ticket: TicketNumber) -> Result<Vec<BlobKey>> {
        let keys: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Blob)
            .filter(Column::TicketNumber.eq(ticket.0))
            .into_tuple()
            .all(self.0)
            .await?;
        if !keys.is_empty() {
            Entity::delete_many().filter(Column::TicketNumber.eq(ticket.0)).exec(self.0).await?;
        }
        keys.into_iter()
            .map(|key| {
                BlobKey::parse(&key).ok_or_else(|| StoreError::unreadable("files.blob", key))
            })
            .collect()
    }

    async fn set(
        &self,
        id: FileId,
        status: FileStatus,
        progress: f64,
        error: Option<&str>,
    ) -> Result<()> {
        // A ticket shows the status of its files, so that another one is another state of it.
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "UPDATE tickets SET version = version + 1 WHERE number = \
                 (SELECT ticket_number FROM files WHERE id = $1 AND status <> $2)",
                [id.0.into(), status.as_str().into()],
            ))
            .await?;
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(status.as_str()))
            .col_expr(Column::Progress, Expr::value(progress))
            .col_expr(Column::Error, Expr::value(error.map(str::to_owned)))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::Id.eq(id.0))
            .exec(self.0)
            .await?;
        Ok(())
    }

    async fn forget_content(&self, id: FileId) -> Result<()> {
        self.0
            .execute_raw(Statement::from_sql_and_values(
                self.0.get_database_backend(),
                "DELETE FROM file_contents \
                 WHERE file_number = (SELECT number FROM files WHERE id = $1)",
                [id.0.into()],
            ))
            .await?;
        Ok(())
    }

    async fn count_of(&self, ticket: Option<TicketNumber>, more: i32) -> Result<()> {
        use crate::entity::ticket;
        let Some(ticket) = ticket else { return Ok(()) };
        let count: SimpleExpr = Expr::col(ticket::Column::FileCount).add(more);
        ticket::Entity::update_many()
            .col_expr(ticket::Column::FileCount, count)
            .filter(ticket::Column::Number.eq(ticket.0))
            .exec(self.0)
            .await?;
        Ok(())
    }
}
