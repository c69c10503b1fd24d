use atc_core::file::{FileKind, FileName};
use proptest::prelude::*;

use super::{kind, sniff};

fn found(bytes: &[u8], name: &str) -> String {
    sniff(bytes, &FileName::label(name)).to_string()
}

#[test]
fn signatures_win_over_names() {
    let ftyp = |brand: &[u8]| [b"\0\0\0\x18ftyp", brand, b"\0\0\0\0isom"].concat();
    let elf = [&b"\x7FELF\x02\x01\x01"[..], &[0; 60]].concat();
    let wave = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0";
    for (bytes, expected) in [
        (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", "image/jpeg"),
        (b"GIF89a\x01\0\x01\0\0\0\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"II*\0\x08\0\0\0\x0B\0\xFE\0\x04\0", "image/tiff"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"),
        (&ftyp(b"heic"), "image/heif"),
        (&ftyp(b"avif"), "image/avif"),
        (&ftyp(b"isom"), "video/mp4"),
        (&ftyp(b"M4A "), "audio/mp4"),
        (&ftyp(b"qt  "), "video/quicktime"),
        (b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm\0V_VP9", "video/webm"),
        (b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm\0A_OPUS", "audio/webm"),
        (b"\x1A\x45\xDF\xA3\x01\0\0\0\0\0\0\x23\x42\x82\x88matroska\0V_MPEG4", "video/x-matroska"),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0OpusHead", "audio/ogg"),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\x80theora", "video/ogg"),
        (wave, "audio/wav"),
        (b"fLaC\0\0\0\x22\x10\0", "audio/flac"),
        (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        (b"\xFF\xFB\x90\x64\0\0\0\0", "audio/mpeg"),
        (b"\xFF\xE3\x18\xC4\0\0", "audio/mpeg"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\0\0junk\n%PDF-1.7\n", "application/pdf"),
        (b"{\\rtf1\\ansi x}", "application/rtf"),
        (b"\x1F\x8B\x08\0\0\0", "application/gzip"),
        (&elf, "application/x-executable"),
        (b"PK\x05\x06\0\0\0\0", "application/zip"),
    ] {
        for name in ["x", "x.png", "x.txt", "x.docx", "x.mp3"] {
            assert_eq!(found(bytes, name), expected, "{name}");
        }
    }
}

#[test]
fn names_choose_only_among_what_bytes_allow() {
    for (bytes, name, expected) in [
        (&b"id,subject\n1,x\n"[..], "a.csv", "text/csv"),
        (b"id,subject\n1,x\n", "a.png", "text/plain"),
        (b"# Title\n", "README.md", "text/markdown"),
        (b"{\"a\": 1}", "a.json", "application/json"),
        (b"BMW is a car", "a.bmp", "text/plain"),
        (b"MZ is no program", "a.exe", "text/plain"),
        (b"<html><script>alert(1)</script></html>", "a.png", "text/html"),
        (b"  <!DOCTYPE html><p>", "a.txt", "text/html"),
        (b"<p>hello</p>", "a", "text/html"),
        (b"<pizza> is good", "a.txt", "text/plain"),
        (b"<?xml version=\"1.0\"?><svg xmlns=\"x\"/>", "a.png", "image/svg+xml"),
        (b"<?xml version=\"1.0\"?><note/>", "a", "application/xml"),
        (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nhi", "a", "message/rfc822"),
        (
            b"Received: by x\r\n\tat y\r\nFrom: a@b.c\r\nSubject: x\r\n\r\nhi",
            "a.txt",
            "message/rfc822",
        ),
        (b"From: the printer on floor 3\n\nhelp", "a.txt", "text/plain"),
        (b"Date: x\n\nhi", "a.eml", "message/rfc822"),
        (b"caf\xe9 \xff\xfe\x00\x80 ok", "a.txt", "text/plain"),
        (b"\x01\x02\x03\x04\x05\x06", "a.txt", "application/octet-stream"),
        (b"\xFF\xFED\0r\0u\0c\0k\0e\0r\0", "a.txt", "text/plain"),
        (b"D\0r\0u\0c\0k\0e\0r\0", "a.csv", "text/csv"),
        (b"", "a.png", "application/octet-stream"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a.doc", "application/msword"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a.docx", "application/x-ole-storage"),
    ] {
        assert_eq!(found(bytes, name), expected, "{name} {bytes:?}");
    }
}

/// A file in a ZIP archive, uncompressed.
fn local(name: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 22]);
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(name.as_bytes());
    bytes.extend(content);
    bytes
}

#[test]
fn office_formats_are_told_apart_by_their_parts() {
    let office =
        |part: &str| [local("[Content_Types].xml", b"<x/>"), local(part, b"<x/>")].concat();
    let open = |kind: &str| {
        let said = format!("application/vnd.oasis.opendocument.{kind}");
        [local("mimetype", said.as_bytes()), local("content.xml", b"")].concat()
    };
    let far = [local("[Content_Types].xml", &[b' '; 9000])].concat();
    for (bytes, name, expected) in [
        (office("word/document.xml"), "a.zip", "wordprocessingml.document"),
        (office("xl/workbook.xml"), "a.docx", "spreadsheetml.sheet"),
        (office("ppt/presentation.xml"), "a", "presentationml.presentation"),
        (far.clone(), "a.xlsx", "spreadsheetml.sheet"),
        (far, "a.png", "application/zip"),
        (local("a.txt", b"word/"), "a.docx", "application/zip"),
        (local("word/a.txt", b""), "a.docx", "application/zip"),
        (open("text"), "a.zip", "opendocument.text"),
        (open("spreadsheet"), "a", "opendocument.spreadsheet"),
        (open("text-template"), "a", "application/zip"),
    ] {
        assert!(found(&bytes, name).ends_with(expected), "{expected}: {}", found(&bytes, name));
    }
}

#[test]
fn kinds_follow_from_types() {
    for (name, expected) in [
        ("image/png", FileKind::Image),
        ("image/svg+xml", FileKind::Document),
        ("audio/mpeg", FileKind::Audio),
        ("video/mp4", FileKind::Video),
        ("application/pdf", FileKind::Document),
        ("text/x-shellscript", FileKind::Document),
        ("message/rfc822", FileKind::Document),
        ("application/x-ole-storage", FileKind::Document),
        ("application/x-tar", FileKind::Other),
        ("application/octet-stream", FileKind::Other),
    ] {
        let content_type = atc_core::file::ContentType::parse(name).unwrap();
        assert_eq!(kind(&content_type), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_have_a_type(bytes in prop::collection::vec(any::<u8>(), 0..9000), name in ".{0,20}") {
        let _ = kind(&sniff(&bytes, &FileName::label(&name)));
    }

    #[test]
    fn any_bytes_behind_a_signature_have_a_type(
        start in prop::sample::select(vec![
            &b"PK\x03\x04"[..], b"%PDF-", b"\x1A\x45\xDF\xA3", b"OggS", b"\0\0\0\x18ftyp", b"RIFF",
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"<?xml", b"From ", b"\xFF\xFE", b"BM", b"ID3", b"\xFF\xFB",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
        name in "[a-z]{1,4}\\.(docx|csv|eml|png|txt)",
    ) {
        let _ = kind(&sniff(&[start, &rest].concat(), &FileName::label(&name)));
    }

    #[test]
    fn text_is_never_a_picture_or_a_recording(text in "[ -~\n]{1,300}", name in "[a-z]{1,4}\\.(png|mp3|mp4)") {
        let found = kind(&sniff(text.as_bytes(), &FileName::label(&name)));
        prop_assert_eq!(found, FileKind::Document);
    }
}
