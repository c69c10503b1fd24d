//! Taking in a part of an announced upload.

use std::sync::Arc;

use atc_core::{
    Error, ErrorCode, Result,
    ports::{BlobWriter, UploadPart},
};
use aws_lc_rs::digest::{Context, SHA256};

use super::{announce::parts_of, links::Linked, upload::sha256};
use crate::App;

/// A part on its way in.
pub struct PartUpload {
    app: Arc<App>,
    part: UploadPart,
    /// `None` once it is over.
    writer: Option<Box<dyn BlobWriter>>,
    hash: Context,
    size: u64,
}

impl App {
    /// Begins to take in the part that a word of ours stands for.
    ///
    /// # Errors
    /// Not found when it is none, or its upload is over.
    pub async fn begin_part(self: &Arc<Self>, word: &str) -> Result<PartUpload> {
        let gone = || Error::not_found("upload");
        let Some(Linked::Part(id, number)) = self.open_link(word) else { return Err(gone()) };
        let upload = self.store.uploads().find_any(id).await?.ok_or_else(gone)?;
        let part = parts_of(&upload).find(|part| part.number == number).ok_or_else(gone)?;
        let writer = self.blobs.write_part(&upload.blob, number).await?;
        Ok(PartUpload {
            app: Arc::clone(self),
            part,
            writer: Some(writer),
            hash: Context::new(&SHA256),
            size: 0,
        })
    }
}

impl PartUpload {
    /// How many bytes it must have.
    #[must_use]
    pub fn wanted(&self) -> u64 {
        self.part.size
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Too large when it has more bytes than it must have; unavailable when the store fails.
    pub async fn push(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.part.size {
            let detail = format!("This part has {} bytes and no more.", self.part.size);
            return Err(Error::new(ErrorCode::PayloadTooLarge, detail));
        }
        self.hash.update(&bytes);
        match &mut self.writer {
            Some(writer) => Ok(writer.push(bytes).await?),
            None => Err(Error::internal("a part goes on after its end")),
        }
    }

    /// Keeps the part; answers its tag.
    ///
    /// # Errors
    /// Malformed when bytes are missing.
    pub async fn finish(mut self) -> Result<String> {
        if self.size != self.part.size {
            self.give_up().await;
            let detail = format!("This part has {} bytes; {} came.", self.part.size, self.size);
            return Err(Error::new(ErrorCode::Malformed, detail));
        }
        if let Some(writer) = self.writer.take() {
            writer.finish().await?;
        }
        Ok(sha256(&self.hash).to_string())
    }

    /// Ends it without keeping anything; nothing is left behind when this returns.
    pub async fn give_up(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.abort().await;
        }
    }
}

impl Drop for PartUpload {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            self.app.tasks.spawn(writer.abort());
        }
    }
}
