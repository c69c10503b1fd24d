//! Sound documents with bytes changed or cut off: read or refused, never a panic.

use proptest::prelude::*;

use super::{fixture, pdfium, read, read_with};

const FIXTURES: [&str; 8] = [
    "report.docx",
    "orders.xlsx",
    "talk.pptx",
    "report.odt",
    "orders.ods",
    "talk.odp",
    "report.rtf",
    "encrypted.odt",
];

/// Changes some bytes and cuts the end off.
fn mutated(mut bytes: Vec<u8>, changes: &[(usize, u8)], length: usize) -> Vec<u8> {
    for (at, value) in changes {
        let at = at % bytes.len();
        bytes[at] = *value;
    }
    bytes.truncate(length.max(1));
    bytes
}

fn changes() -> impl Strategy<Value = (Vec<(usize, u8)>, usize)> {
    let whole = prop_oneof![3 => Just(usize::MAX), 1 => 1_usize..40_000];
    (prop::collection::vec((any::<usize>(), any::<u8>()), 0..20), whole)
}

/// The parts of an office document, changed before they are compressed: this is what reaches the
/// readers behind the archive.
fn repacked(bytes: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut source = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut target = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let mut part = source.by_index(index).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        let length = content.len().max(1);
        for (at, value) in changes {
            if let Some(byte) = content.get_mut(at % length) {
                *byte = *value;
            }
        }
        target.start_file(part.name(), zip::write::SimpleFileOptions::default()).unwrap();
        target.write_all(&content).unwrap();
    }
    target.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn changed_documents(index in 0..FIXTURES.len(), (changes, length) in changes()) {
        let _ = read(&mutated(fixture(FIXTURES[index]), &changes, length), FIXTURES[index]);
    }

    #[test]
    fn changed_parts(index in 0..6_usize, (changes, _) in changes()) {
        let _ = read(&repacked(&fixture(FIXTURES[index]), &changes[..changes.len().min(3)]), FIXTURES[index]);
    }

    #[test]
    fn any_text(
        bytes in prop::collection::vec(any::<u8>(), 1..2_000),
        start in prop::sample::select(vec!["", "{\\rtf1", "<html>", "From: a\nTo: b\nSubject: c\n", "<?xml?>", "\u{1F}\u{8B}\u{8}"]),
        name in "a\\.(txt|csv|md|json|html|eml|rtf|xml|log)",
    ) {
        let _ = read(&[start.as_bytes(), &bytes].concat(), &name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn changed_pdf(scan in any::<bool>(), (changes, length) in changes()) {
        if let Some(pdfium) = pdfium() {
            let name = if scan { "scan.pdf" } else { "report.pdf" };
            let _ = read_with(&mutated(fixture(name), &changes, length), name, pdfium, &mut |_| Ok(String::new()));
        }
    }
}
