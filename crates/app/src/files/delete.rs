//! Deleting files: the row and the bytes.

use atc_core::{
    Ctx, Result,
    caller::Visibility,
    file::{BlobKey, FileId},
    id::TicketRef,
    ports::Wake,
    ticket::{AuditChange, AuditKind},
};

use crate::{App, IfMatch};

impl App {
    /// Deletes a file, its bytes included.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn delete_file(&self, ctx: &Ctx, id: FileId, if_match: &IfMatch) -> Result<()> {
        let tx = self.store.begin().await?;
        let file = tx.files().get_for_update(id, ctx.caller.visibility()).await?;
        if_match.check(file.version)?;
        tx.files().delete(id).await?;
        if let Some(ticket) = file.ticket_id {
            let number = tx.tickets().number_of(TicketRef::Id(ticket), Visibility::All).await?;
            let gone = AuditChange::new("attachments", file.filename.as_str(), None::<&str>);
            self.note_file(&tx, ctx, number, AuditKind::FileDeleted, gone).await?;
        }
        tx.commit().await?;
        self.wake(Wake::Events);
        self.erase(&[file.blob]).await;
        self.wake(Wake::Index);
        Ok(())
    }

    /// Erases bytes whose rows are gone. What cannot be erased now is an orphan, and is swept later.
    pub(crate) async fn erase(&self, blobs: &[BlobKey]) {
        for blob in blobs {
            if let Err(e) = self.blobs.delete(blob).await {
                let error = &e as &dyn std::error::Error;
                tracing::warn!(error, %blob, "bytes were not erased; the sweep does it later");
            }
        }
    }
}
