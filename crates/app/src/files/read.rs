//! Looking at files.

use std::ops::Range;

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    event::EventKind,
    file::{Extracted, File, FileFilter, FileId},
    page::{Page, PageRequest},
    ports::{BlobError, BlobReader, Wake},
};
use atc_store::FilePosition;

use super::{ProcessFile, events};
use crate::App;

/// The bytes of a file.
pub struct FileContent {
    /// The bytes, or the part of them that was asked for.
    pub bytes: Box<dyn BlobReader>,
}

impl App {
    /// One file, with what was read in it.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn get_file(&self, ctx: &Ctx, id: FileId) -> Result<(File, Option<Extracted>)> {
        let file = self.store.files().get(id, ctx.caller.visibility()).await?;
        Ok((file, self.store.files().content(id).await?))
    }

    /// One file, without what was read in it.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn find_file(&self, ctx: &Ctx, id: FileId) -> Result<File> {
        Ok(self.store.files().get(id, ctx.caller.visibility()).await?)
    }

    /// A page of the files that the caller may see and that match, newest first.
    pub async fn list_files(
        &self,
        ctx: &Ctx,
        filter: &FileFilter,
        page: PageRequest<FilePosition>,
    ) -> Result<Page<File, FilePosition>> {
        let visibility = ctx.caller.visibility();
        let list =
            self.store.read(async |store| store.files().list(filter, visibility, page).await);
        Ok(list.await?)
    }

    /// The bytes of a file, or a part of them.
    ///
    /// # Errors
    /// Unavailable when the file store does not answer, or has lost them.
    pub async fn open_file(&self, file: &File, range: Option<Range<u64>>) -> Result<FileContent> {
        match self.blobs.read(&file.blob, range).await {
            Ok(bytes) => Ok(FileContent { bytes }),
            Err(e @ BlobError::Missing(_)) => {
                let detail =
                    "The bytes of this file are not in the file store; look at STORAGE_URL.";
                Err(Error::new(ErrorCode::Unavailable, detail).with_source(e))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Has a file read once more.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn reprocess_file(&self, ctx: &Ctx, id: FileId) -> Result<File> {
        let job = self.new_job(&ProcessFile { file_id: id })?;
        let visibility = ctx.caller.visibility();
        self.store.files().get(id, visibility).await?;
        let tx = self.store.begin().await?;
        // The job before its file, as whoever runs it writes them: otherwise each could wait for the other.
        tx.jobs().enqueue(&job).await?;
        let before = tx.files().get_for_update(id, visibility).await?;
        if before.status.is_settled() {
            tx.files().set_queued(id).await?;
        }
        let uploader = before.uploaded_by.id;
        events::append(&tx, EventKind::FileQueued, id, uploader, ctx.now).await?;
        let file = tx.files().get(id, visibility).await?;
        tx.commit().await?;
        self.wake(Wake::Jobs);
        self.wake(Wake::Events);
        Ok(file)
    }
}
