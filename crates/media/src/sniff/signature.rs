//! Formats that begin with bytes of their own.

use infer::MatcherType;

/// Signatures that no text has.
pub(super) fn certain(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"%PDF-") {
        return Some("application/pdf");
    }
    if bytes.starts_with(b"{\\rtf") {
        return Some("application/rtf");
    }
    if bytes.starts_with(b"\x1F\x8B\x08") {
        return Some("application/gzip");
    }
    iso_media(bytes).or_else(|| matroska(bytes)).or_else(|| ogg(bytes))
}

/// Signatures that are looked for once the bytes are known not to be text: some are short, as the
/// `BM` of a bitmap.
pub(super) fn likely(bytes: &[u8]) -> Option<&'static str> {
    // Junk may stand before the header of a PDF, up to 1,024 bytes of it (ISO 32000-2, annex I).
    let head = &bytes[..bytes.len().min(1024)];
    let known = infer::get(bytes).filter(|found| match found.matcher_type() {
        MatcherType::Image => found.mime_type() != "image/bmp" || is_bitmap(bytes),
        MatcherType::Text | MatcherType::Doc | MatcherType::Book => false,
        _ => true,
    });
    if let Some(found) = known {
        return Some(usual(found.mime_type()));
    }
    if head.windows(5).any(|at| at == b"%PDF-") {
        return Some("application/pdf");
    }
    stream(bytes)
}

/// The names that others have for what `infer` names in its own way.
fn usual(name: &'static str) -> &'static str {
    match name {
        "audio/x-wav" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        "audio/x-aiff" => "audio/aiff",
        "audio/m4a" => "audio/mp4",
        "audio/opus" => "audio/ogg",
        "video/x-m4v" => "video/mp4",
        other => other,
    }
}

/// ISO/IEC 14496-12: a box `ftyp` with the brand; older films of `QuickTime` begin with other boxes.
fn iso_media(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(8..12);
    // The first box is shorter than 16 MiB, so that no text looks like one.
    if bytes.first() != Some(&0) {
        return None;
    }
    Some(match (bytes.get(4..8)?, brand) {
        (b"ftyp", Some(b"qt  ")) | (b"moov" | b"mdat" | b"wide", _) => "video/quicktime",
        (b"ftyp", Some(b"M4A " | b"M4B " | b"M4P ")) => "audio/mp4",
        (b"ftyp", Some(b"avif" | b"avis")) => "image/avif",
        (b"ftyp", Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1")) => {
            "image/heif"
        }
        (b"ftyp", Some([b'3', b'g', ..])) => "video/3gpp",
        (b"ftyp", _) => "video/mp4",
        _ => return None,
    })
}

/// Matroska (RFC 9559) and its profile `WebM`. A recording with tracks of sound alone is sound.
fn matroska(bytes: &[u8]) -> Option<&'static str> {
    let has = |word: &[u8]| bytes.windows(word.len()).any(|at| at == word);
    if !bytes.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
        return None;
    }
    let sound_alone = has(b"A_") && !has(b"V_");
    Some(match (has(b"webm"), sound_alone) {
        (true, true) => "audio/webm",
        (true, false) => "video/webm",
        (false, true) => "audio/x-matroska",
        (false, false) => "video/x-matroska",
    })
}

/// RFC 3533; Theora marks its films in the first page.
fn ogg(bytes: &[u8]) -> Option<&'static str> {
    let film = |at: &[u8]| at == b"\x80theora" || at == b"\x01video\0";
    bytes
        .starts_with(b"OggS")
        .then(|| if bytes.windows(7).any(film) { "video/ogg" } else { "audio/ogg" })
}

/// Streams that have no header but a mark before each piece.
fn stream(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"caff") {
        return Some("audio/x-caf");
    }
    // ISO/IEC 11172-3: eleven bits of sync, layer III; the rates must be legal.
    if let [0xFF, second, third, ..] = *bytes
        && second & 0xE6 == 0xE2
        && third & 0xF0 != 0xF0
        && third & 0x0C != 0x0C
    {
        return Some("audio/mpeg");
    }
    // ISO/IEC 13818-1: packets of 188 bytes.
    let marked = [0, 188, 376].into_iter().all(|at| bytes.get(at) == Some(&0x47));
    marked.then_some("video/mp2t")
}

/// Two letters are not much of a signature: the reserved fields and the length of the next header
/// must fit as well.
fn is_bitmap(bytes: &[u8]) -> bool {
    bytes.get(6..10) == Some(&[0; 4])
        && matches!(bytes.get(14), Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}
