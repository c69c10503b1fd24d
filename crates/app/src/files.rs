//! Files: uploading, looking at, reading, deleting them.

mod announce;
mod attach;
mod complete;
mod delete;
mod events;
mod links;
mod part;
mod process;
mod read;
mod room;
mod sweep;
mod upload;

pub use announce::{NewUpload, PlannedPart, UploadPlan};
pub use links::{FileLink, Target};
pub use part::PartUpload;
pub(crate) use process::ProcessFile;
pub use read::FileContent;
pub(crate) use sweep::{SettleFiles, SweepBlobs, SweepUploads};
pub use upload::{Upload, UploadDigest};

use std::time::Duration;

use atc_core::{
    Result,
    caller::Visibility,
    file::{File, FileId},
    ports::Wake,
};

use crate::App;

impl App {
    /// Tells those who wait that a file was read, or could not be.
    pub(crate) fn announce_file(&self) {
        self.signals.file_settled();
        self.wake(Wake::Events);
    }

    /// Waits until nothing more is to be expected of these files, or until the time is over; gives
    /// them as they are then.
    pub(crate) async fn await_files(&self, ids: &[FileId]) -> Result<Vec<File>> {
        let poll = Duration::from_millis(self.config.background_poll_ms);
        let wait = tokio::time::sleep(Duration::from_millis(self.config.files_wait_ms));
        tokio::pin!(wait);
        let mut signal = self.signals.files.subscribe();
        loop {
            signal.borrow_and_update();
            let files = self.store.files().find_many(ids, Visibility::All).await?;
            if files.iter().all(|file| file.status.is_settled()) {
                return Ok(files);
            }
            tokio::select! {
                () = &mut wait => return Ok(files),
                _ = signal.changed() => {}
                // Another process may read it, and say so to the log alone.
                () = tokio::time::sleep(poll) => {}
            }
        }
    }
}
