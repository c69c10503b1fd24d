//! The job that reads a file.

use std::time::Duration;

use atc_core::{
    Error,
    caller::Visibility,
    event::EventKind,
    file::{Extracted, File, FileId},
    id::TicketRef,
    job::Failure,
    ports::{BlobError, ExtractError, FileToRead, ReadProgress, Wake},
};
use atc_store::{StoreError, TicketChange, Tx};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::events;
use crate::{
    App,
    tickets::{TriageAgain, append_ticket_event},
    worker::{Job, Run},
};

/// Progress is written down no more often than this.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Reads a file: its text, its words, its pages, what is said in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProcessFile {
    /// Which one.
    pub file_id: FileId,
}

impl ProcessFile {
    /// While a job of this key waits or runs, the file is being read.
    pub fn key(id: FileId) -> String {
        format!("file:{id}")
    }
}

impl Job for ProcessFile {
    const KIND: &'static str = "file.process.v1";
    const QUEUE: &'static str = "files";
    const MAX_ATTEMPTS: u16 = 3;
    const TIMEOUT: Duration = Duration::from_hours(1);

    fn unique_key(&self) -> Option<String> {
        Some(Self::key(self.file_id))
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let file = match app.store.files().get(self.file_id, Visibility::All).await {
            // It was deleted before anybody came to read it.
            Err(StoreError::NotFound(_)) => return Ok(()),
            found => found.map_err(Error::from)?,
        };
        begin(run, &file).await?;
        match app.read_file(run, &file).await? {
            Ok(extracted) => keep(run, file.id, extracted).await,
            Err(why) => {
                let tx = app.store.begin().await.map_err(Error::from)?;
                run.guard(&tx).await?;
                app.fail_file(&tx, &file, &why).await?;
                tx.commit().await.map_err(Error::from)?;
                app.announce_file();
                Err(Failure::fail(why))
            }
        }
    }
}

impl App {
    /// What can be read in a file, or why nothing can, in words for its uploader.
    async fn read_file(
        &self,
        run: &Run,
        file: &File,
    ) -> Result<Result<Extracted, String>, Failure> {
        let bytes = match self.blobs.open(&file.blob).await {
            Err(BlobError::Missing(_)) => {
                return Ok(Err("The bytes of this file are not in the file store.".to_owned()));
            }
            opened => opened.map_err(Error::from)?,
        };
        let input = FileToRead {
            bytes,
            content_type: file.content_type.clone(),
            filename: file.filename.clone(),
        };
        let beginning = ReadProgress { fraction: 0.0, note: "reading".to_owned() };
        let (told, mut progress) = watch::channel(beginning);
        let tell = move |now: ReadProgress| {
            told.send_replace(now);
        };
        let reading = self.extractor.extract(input, &tell);
        tokio::pin!(reading);
        let extracted = loop {
            tokio::select! {
                done = &mut reading => break done,
                now = next(&mut progress) => note(run, file.id, &now).await?,
            }
        };
        Ok(match extracted {
            Ok(mut extracted) => {
                extracted.bound();
                if extracted.language.is_none() {
                    extracted.language = self.engine.language(&extracted.text);
                }
                Ok(extracted)
            }
            Err(ExtractError::Refused(why) | ExtractError::Unavailable(why)) => Err(why),
            Err(ExtractError::Died(why)) => {
                tracing::warn!(file = %file.id, why, "the reader of a file died");
                Err(why)
            }
        })
    }
}

/// The next progress worth writing down.
async fn next(progress: &mut watch::Receiver<ReadProgress>) -> ReadProgress {
    tokio::time::sleep(PROGRESS_EVERY).await;
    if progress.changed().await.is_err() {
        // Nobody tells any more; the reading itself ends now.
        std::future::pending::<()>().await;
    }
    progress.borrow_and_update().clone()
}

impl App {
    /// Notes why a file could not be read, and tells its uploader.
    pub(super) async fn fail_file(&self, tx: &Tx, file: &File, why: &str) -> Result<(), Error> {
        let now = self.now();
        tx.files().set_failed(file.id, why).await?;
        events::append(tx, EventKind::FileFailed, file.id, file.uploaded_by.id, now).await?;
        self.notify_of_failed_file(tx, file, now).await
    }
}

async fn begin(run: &Run, file: &File) -> Result<(), Failure> {
    let app = run.app();
    let tx = app.store.begin().await.map_err(Error::from)?;
    run.progress_in(&tx, 0, "reading").await?;
    tx.files().set_processing(file.id, 0.0).await.map_err(Error::from)?;
    let uploader = file.uploaded_by.id;
    events::append(&tx, EventKind::FileProcessing, file.id, uploader, app.now()).await?;
    tx.commit().await.map_err(Error::from)?;
    app.wake(Wake::Events);
    Ok(())
}

async fn note(run: &Run, id: FileId, now: &ReadProgress) -> Result<(), Failure> {
    let tx = run.app().store.begin().await.map_err(Error::from)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let percent = (now.fraction.clamp(0.0, 1.0) * 100.0) as u8;
    run.progress_in(&tx, percent, &now.note).await?;
    tx.files().set_processing(id, now.fraction.clamp(0.0, 1.0)).await.map_err(Error::from)?;
    tx.commit().await.map_err(Error::from)?;
    Ok(())
}

/// Keeps what was read, in one transaction with the end of the job and with what follows for the
/// ticket.
async fn keep(run: &Run, id: FileId, extracted: Extracted) -> Result<(), Failure> {
    let app = run.app();
    let tx = app.store.begin().await.map_err(Error::from)?;
    let file = match tx.files().get(id, Visibility::All).await {
        Err(StoreError::NotFound(_)) => return run.finish(tx).await,
        found => found.map_err(Error::from)?,
    };
    tx.files().set_processed(id, extracted).await.map_err(Error::from)?;
    events::append(&tx, EventKind::FileProcessed, id, file.uploaded_by.id, app.now()).await?;
    if let Some(ticket) = file.ticket_id {
        tell_ticket(app, &tx, TicketRef::Id(ticket), id).await?;
    }
    run.finish(tx).await?;
    app.announce_file();
    app.wake(Wake::Index);
    app.wake(Wake::Jobs);
    Ok(())
}

/// Has the ticket found by what was read, and read again.
async fn tell_ticket(app: &App, tx: &Tx, ticket: TicketRef, file: FileId) -> Result<(), Error> {
    let before = tx.tickets().get_for_update(ticket, Visibility::All).await?;
    let change = TicketChange { files: true, ..TicketChange::default() };
    tx.tickets().update(&before, &change, None, app.now()).await?;
    append_ticket_event(tx, EventKind::TicketUpdated, before.id, before.requester.id, app.now())
        .await?;
    let job = app.new_job(&TriageAgain { ticket_id: before.id, file_id: file })?;
    tx.jobs().enqueue(&job).await?;
    Ok(())
}
