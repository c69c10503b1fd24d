//! Completing an announced upload: what came must be what was announced.

use atc_core::{
    Ctx, Error, Result,
    file::{File, FileId, Sha256},
    id::TicketRef,
    idempotency::{Outcome, Remember},
    ports::BlobError,
};
use atc_store::{NewFileRow, StoreError, StoredUpload};
use aws_lc_rs::digest::{Context, SHA256};
use chrono::TimeDelta;

use super::{
    announce::parts_of,
    upload::{SNIFFED_BYTES, sha256},
};
use crate::App;

/// How long somebody who completes an upload may be silent before another may do it.
const CLAIMED_FOR: TimeDelta = TimeDelta::minutes(2);

/// What came.
struct Arrived {
    size: u64,
    sha256: Sha256,
    beginning: Vec<u8>,
}

impl App {
    /// Makes a file of an announced upload; `tags` is what was answered to each of its parts, in their order.
    /// Done before, it gives the file again.
    ///
    /// # Errors
    /// Invalid when parts are missing, or are not what was announced: then nothing is kept.
    pub async fn complete_upload(
        &self,
        ctx: &Ctx,
        id: FileId,
        tags: &[String],
        remember: Option<Remember<'_, File>>,
    ) -> Result<Outcome<File>> {
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        let upload = match self.open_upload(ctx, id).await {
            Ok(upload) => upload,
            Err(e) => return self.completed_before(ctx, id).await?.map(Outcome::Created).ok_or(e),
        };
        let wanted = parts_of(&upload).count();
        if tags.len() != wanted {
            let why = format!("Send the ETag of each of the {wanted} parts, in their order.");
            return Err(Error::invalid_body("/etags", why));
        }
        self.find_ticket_of_upload(ctx, upload.ticket.map(TicketRef::Number)).await?;
        if !self.claim_upload(id).await? {
            return Err(Error::unavailable("This upload is being completed; try again.", 1));
        }
        match self.arrive(&upload, tags).await {
            Ok(arrived) => self.keep_arrived(ctx, upload, &arrived, remember).await,
            Err(e) => {
                self.release_upload(id).await?;
                Err(e)
            }
        }
    }

    /// Ends an announced upload; nothing of it is kept.
    ///
    /// # Errors
    /// Not found when it is not there, not the caller's, or over.
    pub async fn abort_upload(&self, ctx: &Ctx, id: FileId) -> Result<()> {
        let upload = self.open_upload(ctx, id).await?;
        if !self.claim_upload(id).await? {
            return Err(Error::conflict("This upload is being completed."));
        }
        self.forget_upload(&upload).await
    }

    async fn completed_before(&self, ctx: &Ctx, id: FileId) -> Result<Option<File>> {
        match self.store.files().get(id, ctx.caller.visibility()).await {
            Ok(file) => Ok(Some(file).filter(|f| f.uploaded_by.id == ctx.caller.user_id)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Joins the parts and reads what they are together.
    async fn arrive(&self, upload: &StoredUpload, tags: &[String]) -> Result<Arrived> {
        match self.blobs.join_parts(&upload.blob, upload.store_upload.as_deref(), tags).await {
            Err(e @ BlobError::Parts(_)) => {
                let why =
                    "The parts do not fit together: one is missing, or is another one than named.";
                return Err(Error::invalid_body("/etags", why).with_source(e));
            }
            joined => joined?,
        }
        let mut bytes = self.blobs.read(&upload.blob, None).await?;
        let mut hash = Context::new(&SHA256);
        let mut arrived = Arrived { size: 0, sha256: Sha256([0; 32]), beginning: Vec::new() };
        while let Some(some) = bytes.next().await {
            let some = some?;
            arrived.size += some.len() as u64;
            hash.update(&some);
            let wanted = SNIFFED_BYTES.saturating_sub(arrived.beginning.len()).min(some.len());
            arrived.beginning.extend_from_slice(&some[..wanted]);
        }
        arrived.sha256 = sha256(&hash);
        Ok(arrived)
    }

    async fn keep_arrived(
        &self,
        ctx: &Ctx,
        upload: StoredUpload,
        arrived: &Arrived,
        remember: Option<Remember<'_, File>>,
    ) -> Result<Outcome<File>> {
        if arrived.size != upload.size || arrived.sha256 != upload.sha256 {
            self.forget_upload(&upload).await?;
            let why = format!(
                "What came is not what was announced: it has {} bytes with the SHA-256 {}. \
                 Nothing was kept; announce the file again.",
                arrived.size, arrived.sha256
            );
            return Err(Error::invalid_body("/etags", why));
        }
        let row = NewFileRow {
            id: upload.id,
            content_type: self.extractor.sniff(&arrived.beginning, &upload.filename),
            filename: upload.filename,
            size: upload.size,
            sha256: upload.sha256,
            blob: upload.blob,
            ticket: upload.ticket,
            uploaded_by: upload.uploaded_by,
            created_at: ctx.now,
        };
        self.keep_file(ctx, row, Some(upload.id), remember).await
    }

    /// Forgets an upload that was claimed: its parts, what they were joined to, and its row at last, by which the
    /// sweep would find it again.
    pub(super) async fn forget_upload(&self, upload: &StoredUpload) -> Result<()> {
        self.forget_parts(upload).await;
        if self.store.files().known_blobs(std::slice::from_ref(&upload.blob)).await?.is_empty() {
            self.blobs.delete(&upload.blob).await?;
        }
        let tx = self.store.begin().await?;
        tx.uploads().delete(upload.id).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn claim_upload(&self, id: FileId) -> Result<bool> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = tx.uploads().claim(id, now, now - CLAIMED_FOR).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn release_upload(&self, id: FileId) -> Result<()> {
        let tx = self.store.begin().await?;
        tx.uploads().release(id).await?;
        Ok(tx.commit().await?)
    }
}
