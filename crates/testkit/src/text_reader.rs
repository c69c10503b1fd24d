//! A reader of files for tests that are about what happens around the reading.

use std::{fs::File, io::Read};

use atc_core::{
    file::{ContentType, Extracted, FileKind, FileName, PageText},
    ports::{Ability, BoxFuture, ExtractError, Extractor, FileToRead, ReadProgress},
};

/// Reads plain text, in this process, as one page; refuses everything else.
pub struct TextReader;

impl Extractor for TextReader {
    fn sniff(&self, beginning: &[u8], filename: &FileName) -> ContentType {
        atc_media::sniff(beginning, filename)
    }

    fn extract<'a>(
        &'a self,
        file: FileToRead,
        progress: &'a (dyn Fn(ReadProgress) + Send + Sync),
    ) -> BoxFuture<'a, Result<Extracted, ExtractError>> {
        Box::pin(async move {
            progress(ReadProgress { fraction: 0.5, note: "reading".to_owned() });
            let mut text = String::new();
            File::from(file.bytes)
                .read_to_string(&mut text)
                .map_err(|_| ExtractError::Refused("This is no text.".to_owned()))?;
            let mut read = Extracted::empty(FileKind::Document);
            read.pages = vec![PageText { number: 1, text: text.clone() }];
            read.text = text;
            Ok(read)
        })
    }

    fn abilities(&self) -> Vec<Ability> {
        Vec::new()
    }
}
