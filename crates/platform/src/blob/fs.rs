//! Bytes in a folder of this machine.

use std::{fs, io, os::unix::fs::DirBuilderExt, path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use object_store::local::LocalFileSystem;

use super::ObjectBlobs;

impl ObjectBlobs {
    /// Stores in a folder, which is made where it is missing. What was acknowledged is on the disk.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let folder = fs::canonicalize(folder)?;
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(io::Error::other)?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            prefix: object_store::path::Path::default(),
            folder: Some(folder),
            direct: None,
        })
    }
}

/// Deletes what a killed process had not finished writing: files whose name ends in `#` and a number,
/// as `LocalFileSystem` names them until they are whole.
pub(super) fn forget_unfinished(folder: &Path, before: DateTime<Utc>) -> io::Result<u64> {
    let mut forgotten = 0;
    for shelf in fs::read_dir(folder)? {
        let shelf = shelf?;
        if !shelf.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(shelf.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let unfinished = name
                .to_str()
                .and_then(|n| n.rsplit_once('#'))
                .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
            if unfinished && DateTime::<Utc>::from(entry.metadata()?.modified()?) < before {
                fs::remove_file(entry.path())?;
                forgotten += 1;
            }
        }
    }
    Ok(forgotten)
}

/// Whether the folder can be written.
pub(super) fn check(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}
