//! Files made to do harm. Each is made here; none is larger than a few hundred kilobytes.

use std::{
    fmt::Write as _,
    io::{Cursor, Write},
};

use flate2::{Compression, write::GzEncoder, write::ZlibEncoder};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{pdfium, read, read_with, refusal};

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_level(Some(9));
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx(document: &[u8]) -> Vec<u8> {
    archive(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document)])
}

fn paragraph(text: &str) -> String {
    format!(
        "<w:document xmlns:w='x'><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )
}

/// Says something else of the size of all files than what they have.
fn lying(mut archive: Vec<u8>, size: u32) -> Vec<u8> {
    for (signature, offset) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let starts: Vec<usize> =
            (0..archive.len() - 4).filter(|at| &archive[*at..at + 4] == signature).collect();
        for at in starts {
            archive[at + offset..at + offset + 4].copy_from_slice(&size.to_le_bytes());
        }
    }
    archive
}

#[test]
fn a_document_that_unpacks_to_hundreds_of_megabytes() {
    let bomb = docx(paragraph(&"A".repeat(150 << 20)).as_bytes());
    assert!(bomb.len() < 400_000, "{}", bomb.len());
    assert!(refusal(&bomb, "a.docx").contains("fill memory"));
    // What the archive says is not believed.
    assert!(refusal(&lying(bomb, 1_000), "a.docx").contains("fill memory"));
}

#[test]
fn archives_that_are_bombs() {
    let ratio = archive(&[("a.txt", &vec![b'0'; 100 << 20])]);
    assert!(refusal(&ratio, "a.zip").contains("fill memory"));
    let inner = archive(&[("z.txt", &vec![0; 64 << 20])]);
    let names: Vec<String> = (0..16).map(|n| format!("{n}.zip")).collect();
    let sixteen = |bytes: &[u8]| {
        archive(&names.iter().map(|name| (name.as_str(), bytes)).collect::<Vec<_>>())
    };
    let nested = sixteen(&sixteen(&inner));
    assert!(refusal(&nested, "a.zip").contains("fill memory"));
}

#[test]
fn archives_that_deceive() {
    for name in ["../../../../tmp/pwned.txt", "/etc/cron.d/x"] {
        let why = refusal(&archive(&[(name, b"x"), ("ok.txt", b"ok")]), "a.zip");
        assert!(why.contains("leads out of it"), "{why}");
    }
    // Two files of one name: the second is named like the first in the finished archive.
    let twice = archive(&[("a.txt", b"1"), ("b.txt", b"2")]);
    let at = twice.windows(5).rposition(|name| name == b"b.txt").unwrap();
    let mut twice = twice;
    twice[at] = b'a';
    assert!(refusal(&twice, "a.zip").contains("one name"));
    let many: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
    let many = archive(&many.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>());
    assert!(refusal(&many, "a.zip").contains("at most 10000"));
}

#[test]
fn an_archive_is_listed_and_no_more() {
    let read =
        read(&archive(&[("logs/a.txt", b"secret"), ("\u{202e}b.txt", b"")]), "a.zip").unwrap();
    assert_eq!(read.text, "logs/a.txt\t6 bytes\nb.txt\t0 bytes");
    assert_eq!(read.metadata["files"], atc_core::file::Fact::Whole(2));
}

#[test]
fn gzip_is_counted_while_it_is_unpacked() {
    let packed = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    assert!(refusal(&packed(&vec![0; 200 << 20]), "a.gz").contains("fill memory"));
    let line = read(&packed(&vec![b'a'; 10 << 20]), "a.txt.gz").unwrap();
    assert_eq!(line.text.len(), 2_000_000);
    assert_eq!(line.metadata["truncated"], true.into());
    assert_eq!(read(&packed(b"line of a log\n"), "a.log.gz").unwrap().text, "line of a log");
}

#[test]
fn entities_are_never_expanded() {
    let mut levels = String::new();
    for name in b'b'..=b'j' {
        let before = format!("&{};", char::from(name - 1)).repeat(10);
        write!(levels, "<!ENTITY {} \"{before}\">", char::from(name)).unwrap();
    }
    let laughs = format!(
        "<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a \"lol\">{levels}]>{}",
        paragraph("&j;")
    );
    assert!(refusal(&docx(laughs.as_bytes()), "a.docx").contains("entities"));
    assert!(refusal(laughs.as_bytes(), "a.xml").contains("entities"));
    let outside = format!(
        "<?xml version='1.0'?><!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}",
        paragraph("[&x;]")
    );
    assert_eq!(read(&docx(outside.as_bytes()), "a.docx").unwrap().text, "[]");
    assert_eq!(read(outside.as_bytes(), "a.svg").unwrap().text, "[]");
}

#[test]
fn what_is_nested_without_end() {
    let deep = ["<a>".repeat(200_000), "</a>".repeat(200_000)].concat();
    assert!(refusal(&docx(deep.as_bytes()), "a.docx").contains("deep"));
    assert!(refusal(&b"[".repeat(500_000), "a.json").contains("deep"));
    assert!(refusal(&[b"{\\rtf1 ", &b"{".repeat(500_000)[..]].concat(), "a.rtf").contains("deep"));
    // A page of HTML has no depth here.
    assert_eq!(read("<div>".repeat(500_000).as_bytes(), "a.html").unwrap().text, "");
}

#[test]
fn a_cell_in_the_last_corner_takes_no_room() {
    let workbook = archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook xmlns:r='x'><sheets><sheet name='S' r:id='1'/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<R><Relationship Id='1' Type='x/worksheet' Target='s.xml'/></R>"),
        ("xl/s.xml", b"<worksheet><sheetData><row r='1048576'><c r='XFD1048576'><v>7</v></c></row></sheetData></worksheet>"),
    ]);
    let read = read(&workbook, "a.xlsx").unwrap();
    assert_eq!(read.pages[0].text.trim_start_matches("S\n").trim_start(), "7");
    assert!(read.text.len() < 17_000, "{}", read.text.len());
}

#[test]
fn names_that_lie_are_said_to() {
    let why = refusal(b"<html><script>alert(1)</script></html>", "shot.png");
    assert!(why.contains(".png") && why.contains("text/html"), "{why}");
    assert_eq!(refusal(b"", "a.pdf"), "The file is empty.");
    assert!(refusal(b"PK\x03\x04 and no more", "a.docx").contains("damaged"));
    assert!(refusal(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and no more", "a.doc").contains("damaged"));
    assert!(refusal(b"\x1F\x8B\x08\0\0 and no more", "a.gz").contains("damaged"));
}

/// A PDF of these objects, the first of which is the catalogue.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", index + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    bytes.extend(format!("trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF").bytes());
    bytes
}

const CATALOGUE: &[u8] = b"<</Type/Catalog/Pages 2 0 R>>";

fn read_pdf(bytes: &[u8]) -> Option<Result<atc_core::file::Extracted, atc_media::ReadError>> {
    Some(read_with(bytes, "a.pdf", pdfium()?, &mut |_| Ok(String::new())))
}

#[test]
fn a_pdf_of_a_hundred_thousand_pages() {
    let kids =
        [&b"<</Type/Pages/Kids["[..], &b"3 0 R ".repeat(100_000), b"]/Count 100000>>"].concat();
    let page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>".to_vec();
    let Some(read) = read_pdf(&pdf(&[CATALOGUE.to_vec(), kids, page])) else { return };
    assert!(read.unwrap_err().to_string().contains("at most 5000"));
}

#[test]
fn a_pdf_whose_pages_are_compressed_twice() {
    let deflated = |bytes: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let packed = deflated(&deflated(&vec![b' '; 100 << 20]));
    let head = format!("<</Length {}/Filter[/FlateDecode/FlateDecode]>>stream\n", packed.len());
    let objects = [
        CATALOGUE.to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>".to_vec(),
        [head.as_bytes(), &packed, b"\nendstream"].concat(),
    ];
    let Some(read) = read_pdf(&pdf(&objects)) else { return };
    assert!(read.unwrap_err().to_string().contains("fill memory"));
}

#[test]
fn pdf_files_that_lie_about_themselves() {
    let page =
        |more: &str| format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]{more}>>").into_bytes();
    let pages = |count: u32| format!("<</Type/Pages/Kids[3 0 R]/Count {count}>>").into_bytes();
    let lie = pdf(&[CATALOGUE.to_vec(), pages(2_000_000_000), page("")]);
    let Some(read) = read_pdf(&lie) else { return };
    assert!(read.is_ok_and(|read| read.pages.len() <= 1));
    let loops = pdf(&[CATALOGUE.to_vec(), b"<</Type/Pages/Kids[2 0 R]/Count 1>>".to_vec()]);
    assert!(read_pdf(&loops).unwrap().is_err());
    let vast = pdf(&[
        CATALOGUE.to_vec(),
        pages(1),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e9 1e9]/Contents 4 0 R>>".to_vec(),
        b"<</Length 9>>stream\n0 0 9 9 re f\nendstream".to_vec(),
    ]);
    let mut largest = 0;
    let read = read_with(&vast, "a.pdf", pdfium().unwrap(), &mut |picture| {
        largest = picture.width().max(picture.height());
        Ok(String::new())
    });
    assert!(read.is_ok(), "{read:?}");
    assert!(largest <= 3_000, "{largest}");
    let nested = [
        &b"<</Type/Catalog/Pages 2 0 R/X "[..],
        &b"[".repeat(100_000),
        &b"]".repeat(100_000),
        b">>",
    ]
    .concat();
    let _ = read_pdf(&pdf(&[nested, pages(1), page("")])).unwrap();
}
