//! Announcing a large file: its client says what will come, and is told where to send it, part by part.

use std::time::Duration;

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    file::{BlobKey, FileId, FileName, Sha256},
    id::TicketRef,
    idempotency::{Outcome, Remember},
    ports::UploadPart,
};
use atc_store::StoredUpload;
use chrono::TimeDelta;

use super::links::{Linked, Target};
use crate::App;

/// The bytes of a part, while there are not too many of them.
const PART_BYTES: u64 = 16 * 1024 * 1024;
/// The most parts of an upload; a bucket takes 10,000.
const MOST_PARTS: u64 = 1_000;
const MEBIBYTE: u64 = 1024 * 1024;

/// What a client says of a file before it sends it.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The label.
    pub filename: FileName,
    /// Bytes; at least one.
    pub size: u64,
    /// Their hash.
    pub sha256: Sha256,
    /// The ticket that it is evidence of.
    pub ticket: Option<TicketRef>,
}

/// An announced upload, and where its parts go.
#[derive(Debug, Clone)]
pub struct UploadPlan {
    /// What was announced.
    pub upload: StoredUpload,
    /// Its parts in their order.
    pub parts: Vec<PlannedPart>,
}

/// A part that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPart {
    /// Which one, and how large.
    pub part: UploadPart,
    /// Where it goes, by `PUT`.
    pub target: Target,
}

impl App {
    /// Takes note of a file that will be sent in parts.
    ///
    /// # Errors
    /// Too large when the file is larger than allowed; invalid when the ticket is not there or not visible.
    pub async fn announce_upload(
        &self,
        ctx: &Ctx,
        new: NewUpload,
        remember: Option<Remember<'_, UploadPlan>>,
    ) -> Result<Outcome<UploadPlan>> {
        let most = self.config.max_upload_bytes;
        if new.size > most {
            let detail = format!("A file has at most {most} bytes here.");
            return Err(Error::new(ErrorCode::PayloadTooLarge, detail));
        }
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        let ticket = self.find_ticket_of_upload(ctx, new.ticket).await?;
        let id = self.new_id();
        let blob = BlobKey::of(id);
        let upload = StoredUpload {
            id: FileId(id),
            filename: new.filename,
            size: new.size,
            sha256: new.sha256,
            part_size: part_size(new.size),
            store_upload: self.blobs.begin_parts(&blob).await?,
            blob,
            ticket,
            uploaded_by: ctx.caller.user_id,
            created_at: ctx.now,
            expires_at: ctx.now + TimeDelta::seconds(self.config.upload_ttl_s.into()),
        };
        let kept = self.keep_announced(ctx, &upload, remember).await;
        if !matches!(kept, Ok(Outcome::Created(_))) {
            self.forget_parts(&upload).await;
        }
        kept
    }

    async fn keep_announced(
        &self,
        ctx: &Ctx,
        upload: &StoredUpload,
        remember: Option<Remember<'_, UploadPlan>>,
    ) -> Result<Outcome<UploadPlan>> {
        // Signing comes before the transaction: it may ask for the credentials of the machine.
        let plan = self.plan(ctx, upload.clone()).await?;
        self.create_once(remember, ctx.now, async |tx| {
            tx.uploads().insert(upload).await?;
            Ok(plan)
        })
        .await
    }

    /// An upload of the caller that is not complete, with addresses for its parts.
    ///
    /// # Errors
    /// Not found when it is not there, not the caller's, or over.
    pub async fn get_upload(&self, ctx: &Ctx, id: FileId) -> Result<UploadPlan> {
        self.plan(ctx, self.open_upload(ctx, id).await?).await
    }

    pub(super) async fn open_upload(&self, ctx: &Ctx, id: FileId) -> Result<StoredUpload> {
        let found = self.store.uploads().find(id, ctx.caller.user_id).await?;
        found.filter(|u| ctx.now < u.expires_at).ok_or_else(|| Error::not_found("upload"))
    }

    async fn plan(&self, ctx: &Ctx, upload: StoredUpload) -> Result<UploadPlan> {
        let lasting = (upload.expires_at - ctx.now).to_std().unwrap_or(Duration::ZERO);
        let mut parts = Vec::new();
        for part in parts_of(&upload) {
            let target = if let Some(name) = &upload.store_upload {
                Target::Store(self.blobs.part_link(&upload.blob, name, part, lasting).await?)
            } else {
                let linked = Linked::Part(upload.id, part.number);
                Target::Here(self.seal_link(linked, upload.expires_at)?)
            };
            parts.push(PlannedPart { part, target });
        }
        Ok(UploadPlan { upload, parts })
    }

    /// Forgets what was sent; what cannot be forgotten now is swept later.
    pub(super) async fn forget_parts(&self, upload: &StoredUpload) {
        let count = u32::try_from(parts_of(upload).count()).unwrap_or(u32::MAX);
        let name = upload.store_upload.as_deref();
        if let Err(e) = self.blobs.forget_parts(&upload.blob, name, count).await {
            let error = &e as &dyn std::error::Error;
            tracing::warn!(error, upload = %upload.id, "parts of an upload were not forgotten");
        }
    }
}

/// The parts of an upload in their order.
pub(super) fn parts_of(upload: &StoredUpload) -> impl Iterator<Item = UploadPart> {
    let (size, part_size) = (upload.size, upload.part_size.max(1));
    (1..).zip(0..size.div_ceil(part_size)).map(move |(number, before)| UploadPart {
        number,
        size: (size - before * part_size).min(part_size),
    })
}

fn part_size(size: u64) -> u64 {
    size.div_ceil(MOST_PARTS).next_multiple_of(MEBIBYTE).max(PART_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_one_size_and_not_too_many() {
        for size in [1, PART_BYTES, PART_BYTES + 1, 100_000_000, 5 << 30, 1 << 40] {
            let part = part_size(size);
            assert!(part >= PART_BYTES && part.is_multiple_of(MEBIBYTE), "{part}");
            assert!(size.div_ceil(part) <= MOST_PARTS, "{size}");
        }
    }
}
