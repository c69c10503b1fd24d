//! CSV with a header (RFC 4180).
//!
//! Spreadsheets run a cell that begins with `=`, `+`, `-`, `@` and the like as a formula, and what
//! stands in tickets comes from strangers. An export therefore puts an apostrophe before such a
//! cell, which spreadsheets show as plain text; an import takes it away again. A cell that began
//! with apostrophes and such a character by itself gets one more, so that nothing is lost.

use std::{
    io::{self, BufRead, Read, Write},
    marker::PhantomData,
};

use anyhow::{Context, Result, bail};
use csv::{ByteRecord, QuoteStyle};
use serde_json::{Map, Value};

use super::{Cells, Column, Line, Lines, MOST_BYTES, Numbered, without_place};

/// With what a formula begins (OWASP, "CSV Injection"), also in its full-width form.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The lines of a file below its header.
///
/// # Errors
/// When the header names a column that is unknown or named before, or lacks one that is needed.
pub fn read<'a, L: Line + 'a>(mut input: impl BufRead + 'a) -> Result<Lines<'a, L>> {
    let beginning = input.fill_buf().context("cannot read the header")?;
    let first_line = beginning.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
    let crlf = first_line.ends_with(b"\r\n");
    let input = input.take(MOST_BYTES);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let columns = columns::<L>(reader.byte_headers().context("cannot read the header")?)?;
    Ok(Box::new(Reader { inner: reader, columns, crlf, line: PhantomData }))
}

struct Reader<R, L> {
    inner: csv::Reader<io::Take<R>>,
    columns: Vec<&'static Column>,
    /// Whether lines end in two characters: then the second one counts for the line after it.
    crlf: bool,
    line: PhantomData<fn() -> L>,
}

impl<R: Read, L: Line> Iterator for Reader<R, L> {
    type Item = io::Result<Numbered<L>>;

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.inner.position().line();
        let mut record = ByteRecord::new();
        self.inner.get_mut().set_limit(MOST_BYTES);
        let read = self.inner.read_byte_record(&mut record);
        if self.inner.get_ref().limit() == 0 {
            let fault = format!(
                "the row of line {} is longer than {MOST_BYTES} bytes; perhaps a quote never ends",
                before + u64::from(self.crlf)
            );
            return Some(Err(io::Error::new(io::ErrorKind::InvalidData, fault)));
        }
        match read {
            Err(e) => return Some(Err(e.into())),
            Ok(false) => return None,
            Ok(true) => {}
        }
        // What was read beyond the record itself and one line end are blank lines before it.
        let read = self.inner.position().line() - before;
        let own = record.as_slice().split(|b| *b == b'\n').count() as u64 - 1;
        let blank = read.saturating_sub(own + 1);
        let number = before + u64::from(self.crlf) + blank;
        Some(Ok(Numbered { number, line: line(&self.columns, &record) }))
    }
}

fn columns<L: Line>(header: &ByteRecord) -> Result<Vec<&'static Column>> {
    let mut columns: Vec<&'static Column> = Vec::new();
    for name in header {
        let name = String::from_utf8_lossy(name);
        let name = name.trim();
        let Some(column) = L::COLUMNS.iter().find(|c| c.name.eq_ignore_ascii_case(name)) else {
            let known: Vec<_> = L::COLUMNS.iter().map(|c| c.name).collect();
            bail!("the header names the column {name:?}, which is none of {}", known.join(", "));
        };
        if columns.iter().any(|c| c.name == column.name) {
            bail!("the header names the column {} twice", column.name);
        }
        columns.push(column);
    }
    let missing =
        L::COLUMNS.iter().find(|c| c.required && !columns.iter().any(|d| d.name == c.name));
    match missing {
        Some(missing) => bail!("the header lacks the column {}", missing.name),
        None => Ok(columns),
    }
}

fn line<L: Line>(columns: &[&Column], record: &ByteRecord) -> Result<L, String> {
    if record.len() != columns.len() {
        return Err(format!("{} cells, but the header has {}", record.len(), columns.len()));
    }
    let mut object = Map::new();
    for (column, cell) in columns.iter().zip(record) {
        let cell = std::str::from_utf8(cell).map_err(|_| format!("{}: not UTF-8", column.name))?;
        if let Some(value) = value(column.cells, &disarmed(cell))
            .map_err(|fault| format!("{}: {fault}", column.name))?
        {
            object.insert(column.name.to_owned(), value);
        }
    }
    serde_json::from_value(Value::Object(object)).map_err(|e| without_place(&e))
}

fn value(cells: Cells, cell: &str) -> Result<Option<Value>, String> {
    if cells == Cells::Text {
        return Ok(Some(cell.into()));
    }
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    let json = || serde_json::from_str(cell).map_err(|e| without_place(&e));
    match cells {
        Cells::Text | Cells::Word => Ok(Some(cell.into())),
        Cells::Flag => match cell.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true.into())),
            "false" => Ok(Some(false.into())),
            _ => Err("neither true nor false".to_owned()),
        },
        Cells::List if !cell.starts_with('[') => {
            let words = cell.split(';').map(str::trim).filter(|word| !word.is_empty());
            Ok(Some(words.collect::<Vec<_>>().into()))
        }
        Cells::List | Cells::Object => json().map(Some),
    }
}

/// Writes lines below a header.
pub struct Writer<W: Write> {
    inner: csv::Writer<W>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    pub fn begin<L: Line>(output: W) -> Result<Self> {
        // Quotes also keep a cell in one piece where another separator is usual.
        let mut inner =
            csv::WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(output);
        inner.write_record(L::COLUMNS.iter().map(|c| c.name))?;
        Ok(Self { inner })
    }

    /// Writes one line.
    pub fn write<L: Line>(&mut self, line: &L) -> Result<()> {
        let object = serde_json::to_value(line)?;
        let cells = L::COLUMNS.iter().map(|column| match object.get(column.name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => armed(text),
            Some(other) => other.to_string(),
        });
        Ok(self.inner.write_record(cells)?)
    }

    /// Ends the file.
    pub fn end(mut self) -> Result<()> {
        Ok(self.inner.flush()?)
    }
}

fn is_risky(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

fn armed(cell: &str) -> String {
    if is_risky(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn disarmed(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(bare) if is_risky(bare) => bare.to_owned(),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::transfer::{CategoryLine, TicketLine};

    fn read_all<L: Line>(input: &str) -> Vec<(u64, Result<L, String>)> {
        let lines = read::<L>(input.as_bytes()).unwrap();
        lines.map(|line| line.unwrap()).map(|l| (l.number, l.line)).collect()
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_comes_back() {
        for text in [
            "",
            "plain",
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "'=1",
            "''=1",
            "'",
            "'x",
            "＝1",
            "a=b",
            "x,\"y\"\r\nz",
            " ;=1",
            "'[1]",
        ] {
            let cell = armed(text);
            assert!(!cell.starts_with(FORMULA), "{text:?}");
            assert_eq!(disarmed(&cell), text, "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let input = "title,description,tags\r\n\"a\r\nb\",x,\r\nc,y\r\nd,z,\"[\"\"e\"\"]\"\r\n";
        let found = read_all::<TicketLine>(input);
        let numbers: Vec<_> = found.iter().map(|(n, _)| *n).collect();
        assert_eq!(numbers, [2, 4, 5]);
        let unix = read_all::<TicketLine>(&input.replace("\r\n", "\n"));
        assert_eq!(unix.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 4, 5]);
        for end in ["\n", "\r\n"] {
            let input = ["title,description", "", "a,b", "", "", "c,d", "e,f"].join(end);
            let numbers = read_all::<TicketLine>(&input);
            assert_eq!(numbers.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [3, 6, 7], "{end:?}");
        }
        assert!(found[1].1.as_ref().err().unwrap().contains("2 cells"));
        let last = found[2].1.as_ref().unwrap();
        assert_eq!(last.tags.as_deref(), Some(&["e".to_owned()][..]));
    }

    #[test]
    fn a_quote_that_never_ends_does_not_fill_the_memory() {
        let row = "hardware,Hardware\n";
        let input = format!("slug,name\n{row}software,\"");
        let endless = io::Cursor::new(input).chain(io::repeat(b'x'));
        let mut lines = read::<CategoryLine>(io::BufReader::new(endless)).unwrap();
        assert_eq!(lines.next().unwrap().unwrap().number, 2);
        let fault = lines.next().unwrap().err().unwrap().to_string();
        assert!(fault.starts_with("the row of line 3 is longer than 4194304 bytes"), "{fault}");

        // Many rows are more than one may be.
        let rows = row.repeat(300_000);
        assert_eq!(read_all::<CategoryLine>(&format!("slug,name\n{rows}")).len(), 300_000);
    }

    #[test]
    fn what_spreadsheets_write_is_understood() {
        let input = "\u{feff}Slug,NAME,examples\nhardware,Hardware,one; two\n";
        let found = read_all::<CategoryLine>(input);
        let line = found[0].1.as_ref().unwrap();
        assert_eq!(line.slug.as_deref(), Some("hardware"));
        assert_eq!(line.examples.as_ref().unwrap(), &["one", "two"]);
    }

    #[test]
    fn a_header_that_makes_no_sense_is_told_at_once() {
        for header in ["slug,nmae\n", "slug,slug\n", "slug\n", ""] {
            assert!(read::<CategoryLine>(header.as_bytes()).is_err(), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_cell_comes_back_and_is_no_formula(text in ".{0,40}") {
            let cell = armed(&text);
            prop_assert!(!cell.starts_with(FORMULA));
            prop_assert_eq!(disarmed(&cell), text);
        }

        /// Whatever a file holds, each of its lines stands or falls for itself, and is numbered.
        #[test]
        fn any_file_is_lines_or_a_fault(
            rows in vec(prop_oneof![vec(any::<u8>(), 0..40), Just(b"\"a\",b,low\r\n".to_vec()), Just(b"\"".to_vec())], 0..12),
        ) {
            let input = [&b"title,description,priority\n"[..], &rows.concat()].concat();
            let mut last = 1;
            for line in read::<TicketLine>(&input[..]).unwrap() {
                let line = line.unwrap();
                // A carriage return alone ends a record, but no line.
                prop_assert!(line.number >= last, "{} after {}", line.number, last);
                last = line.number;
                let _ = line.line.map(Line::parse);
            }
            let _ = read::<TicketLine>(&rows.concat()[..]).map(Iterator::count);
        }
    }
}
