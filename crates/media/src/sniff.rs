//! What the bytes of a file are: signatures are compared, nothing is parsed.

use atc_core::file::{ContentType, FileKind, FileName};

/// What a file is by its first bytes. Its name is not believed.
pub fn sniff(beginning: &[u8], _filename: &FileName) -> ContentType {
    let known = infer::get(beginning).and_then(|found| ContentType::parse(found.mime_type()));
    known.unwrap_or_else(|| {
        let text = if is_text(beginning) { ContentType::parse("text/plain") } else { None };
        text.unwrap_or_else(ContentType::unknown)
    })
}

/// Whether bytes are text: UTF-8, which a cut at the end may have broken, without control characters.
fn is_text(bytes: &[u8]) -> bool {
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !whole.is_empty() && !whole.chars().any(|c| c.is_control() && !"\t\r\n\u{c}".contains(c))
}

/// What kind of thing a media type is.
pub fn kind(content_type: &ContentType) -> FileKind {
    match content_type.as_str().split_once('/') {
        Some(("image", kind)) if kind != "svg+xml" => FileKind::Image,
        Some(("audio", _)) => FileKind::Audio,
        Some(("video", _)) => FileKind::Video,
        Some(("text" | "image", _)) => FileKind::Document,
        _ => FileKind::Other,
    }
}
