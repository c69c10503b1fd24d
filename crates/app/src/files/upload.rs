//! Taking a file in: its bytes go to the store while they are counted and hashed, and none stays
//! behind where the upload comes to nothing.

use std::{sync::Arc, time::Duration};

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    event::EventKind,
    file::{BlobKey, File, FileId, FileName, Sha256},
    id::{TicketNumber, TicketRef},
    idempotency::{Outcome, Remember, StoredAnswer},
    ports::{BlobWriter, Wake},
};
use atc_store::{NewFileRow, StoreError};
use aws_lc_rs::digest::{Context, SHA256};

use super::{ProcessFile, events, room::not_stored};
use crate::App;

/// From how many first bytes it is told what a file is.
pub(super) const SNIFFED_BYTES: usize = 8 * 1024;

/// How long a client waits until what it gave up is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// A file on its way in.
pub struct Upload {
    app: Arc<App>,
    id: FileId,
    blob: BlobKey,
    filename: FileName,
    /// `None` once the upload is over.
    writer: Option<Box<dyn BlobWriter>>,
    hash: Context,
    size: u64,
    beginning: Vec<u8>,
}

/// What an upload is known by when it is repeated: the hash of its bytes, and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadDigest {
    /// Of the bytes.
    pub sha256: Sha256,
    /// The label.
    pub filename: FileName,
}

impl App {
    /// Begins to take a file in.
    ///
    /// # Errors
    /// Unavailable when the file store does not answer.
    pub async fn begin_upload(self: &Arc<Self>, filename: FileName) -> Result<Upload> {
        let id = self.new_id();
        let blob = BlobKey::of(id);
        let writer = self.blobs.write(&blob).await.map_err(not_stored)?;
        Ok(Upload {
            app: Arc::clone(self),
            id: FileId(id),
            blob,
            filename,
            writer: Some(writer),
            hash: Context::new(&SHA256),
            size: 0,
            beginning: Vec::new(),
        })
    }
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Too large when the file is larger than allowed; unavailable when the store fails.
    pub async fn push(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.size += bytes.len() as u64;
        let most = self.app.config.max_upload_bytes;
        if self.size > most {
            let detail = format!("A file has at most {most} bytes here.");
            return Err(Error::new(ErrorCode::PayloadTooLarge, detail));
        }
        self.hash.update(&bytes);
        let wanted = SNIFFED_BYTES.saturating_sub(self.beginning.len()).min(bytes.len());
        self.beginning.extend_from_slice(&bytes[..wanted]);
        match &mut self.writer {
            Some(writer) => writer.push(bytes).await.map_err(not_stored),
            None => Err(Error::internal("an upload goes on after its end")),
        }
    }

    /// What the upload is known by, of the bytes so far.
    #[must_use]
    pub fn digest(&self) -> UploadDigest {
        UploadDigest { sha256: sha256(&self.hash), filename: self.filename.clone() }
    }

    /// Keeps the file: it is there and waits to be read when this returns.
    ///
    /// # Errors
    /// Invalid when the ticket is not there or not visible.
    pub async fn finish(
        mut self,
        ctx: &Ctx,
        ticket: Option<TicketRef>,
        remember: Option<Remember<'_, File>>,
    ) -> Result<Outcome<File>> {
        let app = Arc::clone(&self.app);
        let ticket = match app.check_upload(ctx, ticket, remember.as_ref()).await {
            Ok(Checked::New { ticket }) => ticket,
            Ok(Checked::Known(answer)) => {
                self.give_up().await;
                return Ok(Outcome::Replayed(answer));
            }
            Err(e) => {
                self.give_up().await;
                return Err(e);
            }
        };
        if let Some(writer) = self.writer.take() {
            writer.finish().await.map_err(not_stored)?;
        }
        let row = NewFileRow {
            id: self.id,
            filename: self.filename.clone(),
            content_type: app.extractor.sniff(&self.beginning, &self.filename),
            size: self.size,
            sha256: sha256(&self.hash),
            blob: self.blob.clone(),
            ticket,
            uploaded_by: ctx.caller.user_id,
            created_at: ctx.now,
        };
        app.keep_file(ctx, row, None, remember).await
    }

    /// Ends the upload without keeping anything; nothing is left behind when this returns, unless the store
    /// does not answer: then it is left to the background.
    pub async fn give_up(&mut self) {
        if let Some(writer) = self.writer.take() {
            let given_up = self.app.tasks.spawn(writer.abort());
            let _ = tokio::time::timeout(PATIENCE, given_up).await;
        }
    }
}

/// A connection that breaks drops the upload half-way.
impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            self.app.tasks.spawn(writer.abort());
        }
    }
}

/// Whether it is certain that nothing was written down. After most faults of ours nobody knows: the sweep
/// finds out.
fn left_no_row(error: &Error) -> bool {
    let source = error.source.as_deref().and_then(|e| e.downcast_ref());
    error.code.status() < 500 || matches!(source, Some(StoreError::Full(_)))
}

pub(super) fn sha256(context: &Context) -> Sha256 {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.clone().finish().as_ref());
    Sha256(hash)
}

/// What is known of an upload before it is kept.
enum Checked {
    /// It was made before; this was the answer.
    Known(StoredAnswer),
    /// It is made now, for this ticket.
    New { ticket: Option<TicketNumber> },
}

impl App {
    async fn check_upload(
        &self,
        ctx: &Ctx,
        ticket: Option<TicketRef>,
        remember: Option<&Remember<'_, File>>,
    ) -> Result<Checked> {
        if let Some(remember) = remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Checked::Known(answer));
        }
        Ok(Checked::New { ticket: self.find_ticket_of_upload(ctx, ticket).await? })
    }

    /// The ticket that a file shall be evidence of.
    pub(super) async fn find_ticket_of_upload(
        &self,
        ctx: &Ctx,
        ticket: Option<TicketRef>,
    ) -> Result<Option<TicketNumber>> {
        let Some(reference) = ticket else { return Ok(None) };
        match self.store.tickets().number_of(reference, ctx.caller.visibility()).await {
            Ok(number) => Ok(Some(number)),
            Err(StoreError::NotFound(_)) => {
                let why = "There is no such ticket, or you may not see it.";
                Err(Error::invalid_body("/ticket_id", why))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Keeps a file whose bytes are stored, and forgets the announcement of it. Where it is refused, its bytes are
    /// erased.
    pub(super) async fn keep_file(
        &self,
        ctx: &Ctx,
        row: NewFileRow,
        announced: Option<FileId>,
        remember: Option<Remember<'_, File>>,
    ) -> Result<Outcome<File>> {
        let blob = row.blob.clone();
        let kept = self.write_file(ctx, row, announced, remember).await;
        let refused = match &kept {
            Ok(outcome) => matches!(outcome, Outcome::Replayed(_)),
            Err(e) => left_no_row(e),
        };
        // Whoever completes an upload a second time meets the bytes of the first.
        if refused && self.store.files().known_blobs(std::slice::from_ref(&blob)).await?.is_empty()
        {
            self.erase(&[blob]).await;
        }
        self.wake(Wake::Jobs);
        self.wake(Wake::Events);
        kept
    }

    async fn write_file(
        &self,
        ctx: &Ctx,
        row: NewFileRow,
        announced: Option<FileId>,
        remember: Option<Remember<'_, File>>,
    ) -> Result<Outcome<File>> {
        let job = self.new_job(&ProcessFile { file_id: row.id })?;
        self.create_once(remember, ctx.now, async |tx| {
            tx.files().insert(&row).await?;
            if let Some(id) = announced
                && !tx.uploads().delete(id).await?
            {
                return Err(Error::conflict(
                    "This upload was completed or ended at the same time.",
                ));
            }
            if let Some(ticket) = row.ticket {
                self.note_attached(tx, ctx, ticket, &row.filename).await?;
            }
            tx.jobs().enqueue(&job).await?;
            events::append(tx, EventKind::FileQueued, row.id, row.uploaded_by, ctx.now).await?;
            Ok(tx.files().get(row.id, ctx.caller.visibility()).await?)
        })
        .await
    }
}
