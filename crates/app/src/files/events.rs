//! Telling of files: the event of a change, written with it.

use atc_core::{
    Result,
    event::{Audience, EventKind, NewEvent, Subject},
    file::FileId,
    id::UserId,
};
use atc_store::Tx;
use chrono::{DateTime, Utc};

/// Adds an event about a file, for staff and its uploader.
pub(super) async fn append(
    tx: &Tx,
    kind: EventKind,
    file: FileId,
    uploader: UserId,
    at: DateTime<Utc>,
) -> Result<()> {
    let audience = Audience::file(uploader);
    Ok(tx.events().append(NewEvent { kind, subject: Subject::File(file), audience, at }).await?)
}
