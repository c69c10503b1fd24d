//! What reads files, watched: optical character recognition, transcripts, and the text of documents.

use atc_core::{
    file::{ContentType, Extracted, FileName},
    ports::{Ability, BoxFuture, ExtractError, Extractor, FileToRead, ReadProgress},
};

use super::{ModelCall, model_call};

/// A reader whose calls are watched.
pub struct ObservedExtractor<E> {
    inner: E,
}

impl<E: Extractor> ObservedExtractor<E> {
    /// Watches the calls of this reader.
    pub fn new(inner: E) -> Self {
        Self { inner }
    }
}

/// What is done to a file of this type. Which models that takes is known in the child process alone.
fn operation(content_type: &ContentType) -> &'static str {
    match content_type.as_str().split('/').next() {
        Some("image") => "read_image",
        Some("audio" | "video") => "read_recording",
        _ => "read_document",
    }
}

fn failed(e: &ExtractError) -> &'static str {
    match e {
        ExtractError::Refused(_) => "refused",
        ExtractError::Unavailable(_) => "unavailable",
        ExtractError::Died(_) => "died",
    }
}

impl<E: Extractor> Extractor for ObservedExtractor<E> {
    fn sniff(&self, beginning: &[u8], filename: &FileName) -> ContentType {
        self.inner.sniff(beginning, filename)
    }

    fn extract<'a>(
        &'a self,
        file: FileToRead,
        progress: &'a (dyn Fn(ReadProgress) + Send + Sync),
    ) -> BoxFuture<'a, Result<Extracted, ExtractError>> {
        let operation = operation(&file.content_type);
        let call = ModelCall { provider: "local", model: "reader", operation };
        Box::pin(model_call(call, self.inner.extract(file, progress), failed))
    }

    fn abilities(&self) -> Vec<Ability> {
        self.inner.abilities()
    }
}
