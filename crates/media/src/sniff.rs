//! What the bytes of a file are, from its beginning.
//!
//! Signatures are compared and nothing is parsed, so this is safe in the server itself. The name of a
//! file is a hint among the types that its bytes allow; a name that lies never wins.

mod package;
mod signature;
mod text;

use atc_core::file::{ContentType, FileKind, FileName};

/// How many bytes of the beginning are looked at; more does not help.
pub const BEGINNING: usize = 8 * 1024;

/// What the bytes are. `beginning` is the first up to [`BEGINNING`] of them; nothing is known of an
/// empty file.
#[must_use]
pub fn sniff(beginning: &[u8], filename: &FileName) -> ContentType {
    let bytes = &beginning[..beginning.len().min(BEGINNING)];
    let extension = filename.extension().unwrap_or_default();
    let found = signature::certain(bytes)
        .or_else(|| package::of(bytes, &extension))
        .or_else(|| text::of(bytes, &extension))
        .or_else(|| signature::likely(bytes))
        .or_else(|| text::marred(bytes, &extension));
    found.and_then(ContentType::parse).unwrap_or_else(ContentType::unknown)
}

/// What kind of thing files of this type are. A drawing in SVG is a document: its text stands in it
/// as text. `Other` is what no reader reads.
#[must_use]
pub fn kind(content_type: &ContentType) -> FileKind {
    let name = content_type.as_str();
    match name {
        "image/svg+xml" => return FileKind::Document,
        "image/vnd.dwg" | "image/vnd.djvu" | "audio/midi" => return FileKind::Other,
        _ => {}
    }
    match name.split_once('/').map_or("", |(family, _)| family) {
        "image" => FileKind::Image,
        "audio" => FileKind::Audio,
        "video" => FileKind::Video,
        "text" => FileKind::Document,
        _ if DOCUMENTS.contains(&name) => FileKind::Document,
        _ => FileKind::Other,
    }
}

/// The types outside of `text/` that the reader of documents takes. It refuses the old formats of
/// Microsoft Office in a sentence of their own, which is why they stand here too.
const DOCUMENTS: [&str; 19] = [
    "application/pdf",
    package::DOCX,
    package::XLSX,
    package::PPTX,
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/rtf",
    "application/json",
    "application/xml",
    "application/zip",
    "application/gzip",
    "application/epub+zip",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
    "application/x-ole-storage",
    "message/rfc822",
];

#[cfg(test)]
mod tests;
