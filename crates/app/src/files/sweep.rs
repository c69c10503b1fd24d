//! What is put right by the clock: files whose reading died, and bytes that belong to no file.

use atc_core::{
    Error, Result,
    caller::Visibility,
    file::FileId,
    job::{Failure, JobState},
};
use atc_store::StoreError;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::ProcessFile;
use crate::{
    App,
    worker::{Job, Run},
};

/// How many are looked at together.
const BATCH: usize = 500;
/// Bytes that have waited so long for their row wait in vain: uploads end sooner.
const ORPHANED_AFTER: TimeDelta = TimeDelta::hours(6);

/// Notes as failed what no job reads any more: its job died with its workers, or was cancelled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SettleFiles {}

impl SettleFiles {
    /// Every minute.
    pub const CRON: &'static str = "* * * * *";
}

impl Job for SettleFiles {
    const KIND: &'static str = "file.settle.v1";

    /// Many jobs may die at once.
    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let mut after = 0;
        loop {
            let waiting = app.store.files().unsettled(after, BATCH as u64).await;
            let waiting = waiting.map_err(Error::from)?;
            for (position, id) in &waiting {
                after = *position;
                app.settle(*id).await?;
            }
            if waiting.len() < BATCH {
                return Ok(());
            }
        }
    }
}

impl App {
    async fn settle(&self, id: FileId) -> Result<()> {
        let key = ProcessFile::key(id);
        if is_under_way(self.store.jobs().newest_of(&key).await?.as_ref()) {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        let file = match tx.files().get_for_update(id, Visibility::All).await {
            Err(StoreError::NotFound(_)) => return Ok(()),
            found => found?,
        };
        // Asked again: it may have been read, or queued again, in between.
        let newest = tx.jobs().newest_of(&key).await?;
        if file.status.is_settled() || is_under_way(newest.as_ref()) {
            return Ok(());
        }
        let why = match newest {
            Some((JobState::Cancelled, _)) => "The reading of this file was cancelled.".to_owned(),
            Some((_, Some(error))) => error,
            _ => "This file could not be read.".to_owned(),
        };
        self.fail_file(&tx, &file, &why).await?;
        tx.commit().await?;
        self.announce_file();
        tracing::warn!(file = %id, why, "a file is given up");
        Ok(())
    }
}

fn is_under_way(newest: Option<&(JobState, Option<String>)>) -> bool {
    newest.is_some_and(|(state, _)| matches!(state, JobState::Ready | JobState::Running))
}

/// Forgets uploads that were announced and not completed in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SweepUploads {}

impl SweepUploads {
    /// Every ten minutes.
    pub const CRON: &'static str = "*/10 * * * *";
}

impl Job for SweepUploads {
    const KIND: &'static str = "upload.sweep.v1";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        loop {
            let expired = app.store.uploads().expired(app.now(), BATCH as u64).await;
            let expired = expired.map_err(Error::from)?;
            let mut forgotten = 0;
            for upload in &expired {
                if app.claim_upload(upload.id).await? {
                    app.forget_upload(upload).await?;
                    forgotten += 1;
                }
            }
            if forgotten > 0 {
                tracing::info!(forgotten, "uploads were announced and never completed");
            }
            if expired.len() < BATCH || forgotten == 0 {
                return Ok(());
            }
        }
    }
}

/// Erases bytes that belong to no file: those of a process that died between storing them and writing
/// the row down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SweepBlobs {}

impl SweepBlobs {
    /// Once a night.
    pub const CRON: &'static str = "20 3 * * *";
}

impl Job for SweepBlobs {
    const KIND: &'static str = "file.sweep.v1";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let before = app.now() - ORPHANED_AFTER;
        let mut erased = 0;
        for shelf in 0..=u8::MAX {
            let stored = app.blobs.list(shelf).await.map_err(Error::from)?;
            let old = stored.into_iter().filter(|blob| blob.written_at < before);
            let old: Vec<_> = old.map(|blob| blob.key).collect();
            for some in old.chunks(BATCH) {
                let known = app.store.files().known_blobs(some).await.map_err(Error::from)?;
                for orphan in some.iter().filter(|key| !known.contains(key)) {
                    app.blobs.delete(orphan).await.map_err(Error::from)?;
                    erased += 1;
                }
            }
        }
        let unfinished = app.blobs.forget_unfinished(before).await.map_err(Error::from)?;
        tracing::info!(erased, unfinished, "swept the file store");
        Ok(())
    }
}
