//! Workbooks: `SpreadsheetML` (ECMA-376, part 1, section 18), row by row.
//!
//! The well-kept crate for this, calamine, keeps a sheet as a full rectangle, which one cell in the
//! last corner makes 17 thousand million cells large, and unpacks without a bound. So the rows are read
//! as they come.

mod format;
mod strings;

use std::io::{Read, Seek};

use atc_core::file::Fact;

use self::{format::Formats, strings::Strings};
use super::{
    container::Container,
    flow::Flow,
    limits::damaged,
    output::Output,
    package::{Relations, main_part, properties},
    xml::{Element, Node, Xml},
};
use crate::ReadError;

const WHAT: &str = "an Excel workbook";

/// Reads all sheets; a sheet is a page, whose first line is its name.
pub(super) fn read<R: Read + Seek>(
    container: &mut Container<R>,
    out: &mut Output,
) -> Result<(), ReadError> {
    properties(container, out)?;
    let main = main_part(container, "xl/workbook.xml", WHAT)?;
    let relations = Relations::of(container, &main, WHAT)?;
    let book = Book::read(container.xml(&main, WHAT)?.ok_or_else(|| damaged(WHAT))?)?;
    let first = |kind: &str| relations.of_kind(kind).first().map(|path| (*path).to_owned());
    let strings = match first("sharedStrings") {
        Some(path) => Strings::read(container.xml(&path, WHAT)?)?,
        None => Strings::default(),
    };
    let formats = match first("styles") {
        Some(path) => Formats::read(container.xml(&path, WHAT)?, book.since_1904)?,
        None => Formats::default(),
    };
    let mut number = 0;
    for (name, id) in &book.sheets {
        let Some(path) = relations.by_id(id) else { continue };
        let Some(xml) = container.xml(path, WHAT)? else { continue };
        number += 1;
        let mut flow = Flow::new(out);
        flow.begin_page(number);
        flow.text(name);
        rows(xml, &strings, &formats, &mut flow)?;
        if out.is_full() {
            break;
        }
    }
    out.end_page();
    out.fact("pages", number);
    let names = book.sheets.into_iter().take(100).map(|(name, _)| Fact::Text(name));
    out.fact("sheets", Fact::List(names.collect()));
    Ok(())
}

/// What the workbook says of its sheets.
struct Book {
    /// Name and relation id.
    sheets: Vec<(String, String)>,
    /// Days are counted from 1904 on, as early Macintoshes did.
    since_1904: bool,
}

impl Book {
    fn read<R: Read>(mut xml: Xml<R>) -> Result<Self, ReadError> {
        let mut book = Self { sheets: Vec::new(), since_1904: false };
        loop {
            match xml.next()? {
                Node::Start(element) => match element.name() {
                    "sheet" => {
                        let name = element.attribute("name").unwrap_or_default();
                        book.sheets.extend(element.prefixed("r:id").map(|id| (name, id)));
                    }
                    "workbookPr" => {
                        let date = element.attribute("date1904");
                        book.since_1904 = date.is_some_and(|d| d == "1" || d == "true");
                    }
                    _ => {}
                },
                Node::Eof => return Ok(book),
                _ => {}
            }
        }
    }
}

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    kind: String,
    style: usize,
    value: String,
}

impl Cell {
    fn begin(element: &Element<'_>) -> Self {
        let style = element.attribute("s").and_then(|s| s.parse().ok()).unwrap_or(0);
        Self { kind: element.attribute("t").unwrap_or_default(), style, value: String::new() }
    }

    fn text(self, strings: &Strings, formats: &Formats) -> String {
        match self.kind.as_str() {
            "s" => self.value.trim().parse().map(|i| strings.get(i).to_owned()).unwrap_or_default(),
            "b" => if self.value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "" | "n" => formats.shown(self.value.trim(), self.style),
            // Texts, errors and dates stand as they are.
            _ => self.value,
        }
    }
}

fn rows<R: Read>(
    mut xml: Xml<R>,
    strings: &Strings,
    formats: &Formats,
    flow: &mut Flow<'_>,
) -> Result<(), ReadError> {
    let mut cell = None;
    let mut in_value = false;
    let mut column = 0;
    flow.begin_table();
    loop {
        let mut skip = false;
        match xml.next()? {
            Node::Start(element) => match element.name() {
                "row" => {
                    column = 0;
                    flow.begin_row();
                }
                "c" => {
                    let at = element.attribute("r").and_then(|r| column_of(&r)).unwrap_or(column);
                    flow.skip_cells(at.saturating_sub(column));
                    flow.begin_cell();
                    column = at.max(column) + 1;
                    cell = Some(Cell::begin(&element));
                }
                "v" | "t" => in_value = cell.is_some(),
                // How a text is read aloud; formulas, whose values stand beside them.
                "rPh" | "f" => skip = true,
                _ => {}
            },
            Node::End(element) => match element.name() {
                "v" | "t" => in_value = false,
                "c" => {
                    let text = cell.take().unwrap_or_default().text(strings, formats);
                    flow.text(text.trim());
                }
                "sheetData" => break,
                _ => {}
            },
            Node::Text(text) => {
                if let (Some(cell), true) = (&mut cell, in_value) {
                    cell.value.push_str(&text);
                }
            }
            Node::Eof => break,
            Node::Other => {}
        }
        if skip {
            xml.skip()?;
        }
        if flow.out().is_full() {
            break;
        }
    }
    flow.end_table();
    Ok(())
}

/// The column of a cell like `AB12`, counted from 0; the last one is `XFD`.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase).take(4);
    let number = letters.fold(0, |n, letter| n * 26 + usize::from(letter - b'A') + 1);
    (1..=16_384).contains(&number).then(|| number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (reference, column) in
            [("A1", Some(0)), ("Z9", Some(25)), ("AA1", Some(26)), ("XFD1048576", Some(16_383))]
        {
            assert_eq!(column_of(reference), column);
        }
        for wrong in ["", "1", "XFE1", "AAAAA1", "é"] {
            assert_eq!(column_of(wrong), None, "{wrong}");
        }
    }
}
