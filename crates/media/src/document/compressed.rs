//! A file compressed with gzip: the text in it, as logs are kept.

use std::{cell::Cell, io::Read, rc::Rc};

use flate2::read::MultiGzDecoder;

use super::{
    limits::{Counted, refusal},
    output::Output,
    text,
};
use crate::ReadError;

/// Reads the text; everything is unpacked to count it, though only the beginning is kept.
pub(super) fn read(file: impl Read, size: u64, out: &mut Output) -> Result<(), ReadError> {
    const WHAT: &str = "a file compressed with gzip";
    let mut unpacked = Counted::new(MultiGzDecoder::new(file), size, Rc::new(Cell::new(0)));
    let mut kept = Vec::new();
    let broken = |e: std::io::Error| refusal(&e, WHAT);
    unpacked.by_ref().take(text::BYTES as u64).read_to_end(&mut kept).map_err(broken)?;
    std::io::copy(&mut unpacked, &mut std::io::sink()).map_err(broken)?;
    let beginning = &kept[..kept.len().min(crate::BEGINNING)];
    let name = atc_core::file::FileName::label("content.txt");
    let content = crate::sniff(beginning, &name);
    if content.as_str() == "text/plain" || kept.is_empty() {
        text::plain(&kept, out);
        return Ok(());
    }
    out.push(&format!("A file of the type {content}, compressed with gzip."));
    out.fact("content", content.as_str());
    Ok(())
}
