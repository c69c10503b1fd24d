//! ZIP archives, and the office formats that are such archives; and the older container, OLE.

/// Word.
pub(super) const DOCX: &str =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// Excel.
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// `PowerPoint`.
pub(super) const PPTX: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// The signature before each file in a ZIP archive (APPNOTE 4.3.7), and the one that ends an empty
/// archive (4.3.16).
const LOCAL: &[u8] = b"PK\x03\x04";
const END: &[u8] = b"PK\x05\x06";

const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// The type of an archive, from the names of its first files.
pub(super) fn of(bytes: &[u8], extension: &str) -> Option<&'static str> {
    if bytes.starts_with(OLE) {
        return Some(match extension {
            "doc" | "dot" => "application/msword",
            "xls" | "xlt" => "application/vnd.ms-excel",
            "ppt" | "pps" => "application/vnd.ms-powerpoint",
            "msg" => "application/vnd.ms-outlook",
            _ => "application/x-ole-storage",
        });
    }
    if bytes.starts_with(END) {
        return Some("application/zip");
    }
    if !bytes.starts_with(LOCAL) {
        return None;
    }
    declared(bytes).or_else(|| office(bytes, extension)).or(Some("application/zip"))
}

/// `OpenDocument` and EPUB say their type in a first file named `mimetype` that is not compressed
/// (`OpenDocument` 1.3, part 2, section 3.3).
fn declared(bytes: &[u8]) -> Option<&'static str> {
    const TYPES: [&str; 4] = [
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/epub+zip",
    ];
    if bytes.get(30..38)? != b"mimetype" {
        return None;
    }
    let said = bytes.get(38..)?;
    // What follows is the next file, whose signature begins with `P`.
    TYPES
        .into_iter()
        .find(|name| said.strip_prefix(name.as_bytes()).is_some_and(|rest| !rest.starts_with(b"-")))
}

/// The Open Packaging Conventions (ECMA-376, part 2): a file `[Content_Types].xml`, and folders that
/// each application names in its own way.
fn office(bytes: &[u8], extension: &str) -> Option<&'static str> {
    let mut is_office = false;
    for name in names(bytes) {
        is_office |= name == b"[Content_Types].xml" || name.starts_with(b"_rels/");
        for (folder, found) in [(&b"word/"[..], DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)] {
            if is_office && name.starts_with(folder) {
                return Some(found);
            }
        }
    }
    // The folders begin after the first 8 KiB: now the name may say which of the three it is.
    let hint = match extension {
        "docx" | "docm" | "dotx" => DOCX,
        "xlsx" | "xlsm" | "xltx" => XLSX,
        "pptx" | "pptm" | "ppsx" => PPTX,
        _ => return None,
    };
    is_office.then_some(hint)
}

/// The names of the files that begin in these bytes.
fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = bytes.windows(LOCAL.len()).enumerate().filter(|(_, at)| *at == LOCAL);
    starts.filter_map(|(at, _)| {
        let header = &bytes[at..];
        let length = u16::from_le_bytes([*header.get(26)?, *header.get(27)?]);
        header.get(30..30 + usize::from(length))
    })
}
