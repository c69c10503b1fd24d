//! Plain text, Markdown, JSON and tables with separators.

use atc_core::file::Fact;

use super::{encoding::decode, limits::TEXT_CHARS, output::Output};
use crate::ReadError;

/// Bytes that are decoded: enough for all characters that are kept, in any encoding.
pub(super) const BYTES: usize = TEXT_CHARS * 4 + 4;

/// Keeps the text as it is.
pub(super) fn plain(bytes: &[u8], out: &mut Output) {
    let (text, encoding) = decode(bytes);
    out.fact("encoding", encoding);
    out.push(&text);
}

/// Keeps the text as it is; its first heading is its title.
pub(super) fn markdown(bytes: &[u8], out: &mut Output) {
    let (text, encoding) = decode(bytes);
    out.fact("encoding", encoding);
    let heading = text.lines().take(100).find_map(|line| line.strip_prefix("# "));
    if let Some(heading) = heading {
        out.fact("title", heading);
    }
    out.push(&text);
}

/// Keeps the text as it is, unless it is nested as deep as only a trap for parsers is.
pub(super) fn json(bytes: &[u8], out: &mut Output) -> Result<(), ReadError> {
    let (text, encoding) = decode(bytes);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > super::limits::DEPTH {
            return Err(ReadError::refused(format_args!(
                "The JSON nests its values more than {} deep; it was not read.",
                super::limits::DEPTH
            )));
        }
    }
    out.fact("encoding", encoding);
    out.push(&text);
    Ok(())
}

/// A table with separators: tabs are put between the cells, and a row stands on one line.
pub(super) fn table(bytes: &[u8], out: &mut Output) {
    let (text, encoding) = decode(bytes);
    let separator = separator_of(&text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let (mut rows, mut columns) = (0_i64, 0);
    let mut record = csv::StringRecord::new();
    while matches!(reader.read_record(&mut record), Ok(true)) {
        rows += 1;
        columns = columns.max(record.len());
        for (at, cell) in record.iter().enumerate() {
            if at > 0 {
                out.push("\t");
            }
            out.push(&cell.replace(['\n', '\t'], " "));
        }
        out.push("\n");
        if out.is_full() {
            break;
        }
    }
    out.fact("encoding", encoding);
    out.fact("rows", Fact::Whole(rows));
    out.fact("columns", Fact::Whole(i64::try_from(columns).unwrap_or(i64::MAX)));
}

/// The one that the first lines have most alike: a comma, a semicolon (where the comma is in numbers),
/// a tab or a bar.
fn separator_of(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).take(20).collect();
    let score = |separator: u8| {
        let counts = lines.iter().map(|line| {
            let mut quoted = false;
            line.bytes()
                .filter(|b| {
                    quoted ^= *b == b'"';
                    *b == separator && !quoted
                })
                .count()
        });
        let (least, most) =
            counts.fold((usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
        (if lines.is_empty() { 0 } else { least }, most)
    };
    // The last of equals wins, so the usual one stands last.
    *b"|\t;,".iter().max_by_key(|separator| score(**separator)).unwrap_or(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut out = Output::new();
        table(bytes, &mut out);
        out.finish().text
    }

    #[test]
    fn tables_have_tabs_whatever_separated_them() {
        assert_eq!(read(b"id,subject\n1,\"a, b\"\n"), "id\tsubject\n1\ta, b");
        assert_eq!(read(b"id;preis\n1;2,50\n2;3,75\n"), "id\tpreis\n1\t2,50\n2\t3,75");
        assert_eq!(read(b"a\tb\nc\td\n"), "a\tb\nc\td");
        assert_eq!(read(b"a,\"two\nlines\"\n"), "a\ttwo lines");
        assert_eq!(read(b"alone\n"), "alone");
        assert_eq!(read(b""), "");
        assert_eq!(read(b"a,\"never closed\nb,c"), "a\tnever closed b,c");
    }

    #[test]
    fn deep_json_is_refused_and_text_in_it_is_not_counted() {
        let mut out = Output::new();
        assert!(json(&[b'['].repeat(500_000), &mut out).is_err());
        assert_eq!(json(br#"{"a": "[[[[\"{{{{"}"#, &mut out), Ok(()));
        assert_eq!(out.finish().text, r#"{"a": "[[[[\"{{{{"}"#);
    }
}
