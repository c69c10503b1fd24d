//! Addresses that need no credential: for one thing, and a short time. Whoever has one may use it, as with the
//! signed addresses of a bucket; on this server what they name is sealed in them.

use std::time::Duration;

use atc_core::{
    Ctx, Error, Result,
    file::{File, FileId},
    ports::ReadAs,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::App;

/// What the seal of every link is bound to.
const ROW: &[u8] = b"link";
const FILE: u8 = 1;
const PART: u8 = 2;

/// Where a client goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To the file store, at this address.
    Store(String),
    /// To this server, with this word.
    Here(String),
}

/// What a word of ours stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// The bytes of a file.
    File(FileId),
    /// A part of an upload.
    Part(FileId, u32),
}

/// Where the bytes of a file are for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink {
    /// Where.
    pub target: Target,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl App {
    /// An address of a file's bytes for whoever has it.
    ///
    /// # Errors
    /// Unavailable when the store cannot sign one.
    pub async fn link_file(&self, ctx: &Ctx, file: &File, read_as: ReadAs) -> Result<FileLink> {
        let lasting = Duration::from_secs(self.config.file_link_ttl_s.into());
        let expires_at = ctx.now + lasting;
        let target = match self.blobs.read_link(&file.blob, read_as, lasting).await? {
            Some(url) => Target::Store(url),
            None => Target::Here(self.seal_link(Linked::File(file.id), expires_at)?),
        };
        Ok(FileLink { target, expires_at })
    }

    /// The file that a word of ours stands for.
    ///
    /// # Errors
    /// Not found when it is none, has expired, or the file is gone.
    pub async fn linked_file(&self, word: &str) -> Result<File> {
        match self.open_link(word) {
            Some(Linked::File(id)) => {
                let visibility = atc_core::caller::Visibility::All;
                Ok(self.store.files().get(id, visibility).await?)
            }
            _ => Err(Error::not_found("link")),
        }
    }

    pub(super) fn seal_link(&self, linked: Linked, until: DateTime<Utc>) -> Result<String> {
        let (kind, id, number) = match linked {
            Linked::File(id) => (FILE, id, 0),
            Linked::Part(id, number) => (PART, id, number),
        };
        let plain = [
            [kind].as_slice(),
            id.0.as_bytes(),
            &number.to_be_bytes(),
            &until.timestamp_millis().to_be_bytes(),
        ]
        .concat();
        let sealed = self.link_sealer.seal(self.entropy.as_ref(), ROW, &plain)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(super) fn open_link(&self, word: &str) -> Option<Linked> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(word).ok()?;
        let plain = self.link_sealer.open(ROW, &sealed).ok()?;
        let (kind, rest) = plain.split_first()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let until = i64::from_be_bytes(rest.try_into().ok()?);
        if self.now().timestamp_millis() >= until {
            return None;
        }
        let id = FileId(Uuid::from_bytes(*id));
        match *kind {
            FILE => Some(Linked::File(id)),
            PART => Some(Linked::Part(id, u32::from_be_bytes(*number))),
            _ => None,
        }
    }
}
