//! `OpenDocument` texts, spreadsheets and presentations (version 1.3, part 3).

use std::io::{Read, Seek};

use super::{
    container::Container,
    flow::Flow,
    limits::{damaged, encrypted},
    output::Output,
    package::dublin_core,
    xml::{Element, Node, Xml},
};
use crate::ReadError;

const WHAT: &str = "an OpenDocument file";

/// How often a repeated cell or row that is not empty is written: more is no table for a reader.
const REPEATS: usize = 1_000;

/// Reads headers, the body and footers. Sheets and slides are pages.
pub(super) fn read<R: Read + Seek>(
    container: &mut Container<R>,
    out: &mut Output,
) -> Result<(), ReadError> {
    if is_encrypted(container)? {
        return Err(encrypted());
    }
    if let Some(xml) = container.xml("meta.xml", WHAT)? {
        dublin_core(xml, out)?;
    }
    furniture(container, "header", out)?;
    let content = container.xml("content.xml", WHAT)?.ok_or_else(|| damaged(WHAT))?;
    Story::new(content).read(&mut Flow::new(out), None)?;
    let pages = out.pages();
    if pages > 0 {
        out.end_page();
        out.fact("pages", pages);
    }
    furniture(container, "footer", out)
}

/// The manifest names the key derivation of each part that is encrypted (part 2, section 4.8).
fn is_encrypted<R: Read + Seek>(container: &mut Container<R>) -> Result<bool, ReadError> {
    let Some(mut xml) = container.xml("META-INF/manifest.xml", WHAT)? else { return Ok(false) };
    loop {
        match xml.next()? {
            Node::Start(element) if element.name() == "encryption-data" => return Ok(true),
            Node::Eof => return Ok(false),
            _ => {}
        }
    }
}

/// Headers or footers of the page styles.
fn furniture<R: Read + Seek>(
    container: &mut Container<R>,
    kind: &'static str,
    out: &mut Output,
) -> Result<(), ReadError> {
    match container.xml("styles.xml", WHAT)? {
        Some(xml) => Story::new(xml).read(&mut Flow::new(out), Some(kind)),
        None => Ok(()),
    }
}

/// Where reading stands in a part.
struct Story<R: Read> {
    xml: Xml<R>,
    /// How many paragraphs are open: only in them is text text.
    paragraphs: usize,
    pages: u32,
    tables: usize,
    /// How often the row and the cell that are open stand there, and where the cell's text begins.
    row: (usize, usize),
    cell: (usize, usize),
}

impl<R: Read> Story<R> {
    fn new(xml: Xml<R>) -> Self {
        Self { xml, paragraphs: 0, pages: 0, tables: 0, row: (1, 0), cell: (1, 0) }
    }

    /// Reads everything, or only what stands within elements of the name `within`.
    fn read(mut self, flow: &mut Flow<'_>, within: Option<&str>) -> Result<(), ReadError> {
        let mut inside = usize::from(within.is_none());
        loop {
            let mut skip = false;
            match self.xml.next()? {
                Node::Start(element) => {
                    inside += usize::from(within == Some(element.name()));
                    let name = element.name().to_owned();
                    if inside > 0 {
                        skip = Self::begin(&mut self.paragraphs, &element, &name, flow);
                        let count = repeats(&element);
                        let title = element.attribute("name");
                        self.begin_structure(&name, count, title, flow, within.is_none());
                    }
                }
                Node::End(element) => {
                    let name = element.name().to_owned();
                    if inside > 0 {
                        self.end(&name, flow);
                    }
                    inside -= usize::from(within == Some(name.as_str()));
                }
                Node::Text(text) if inside > 0 && self.paragraphs > 0 => flow.words(&text),
                Node::Eof => return Ok(()),
                _ => {}
            }
            if skip {
                self.xml.skip()?;
            }
            if flow.out().is_full() {
                return Ok(());
            }
        }
    }

    /// What stands in paragraphs. Whether the element is to be passed over.
    fn begin(
        paragraphs: &mut usize,
        element: &Element<'_>,
        name: &str,
        flow: &mut Flow<'_>,
    ) -> bool {
        match name {
            "p" | "h" => *paragraphs += 1,
            "s" => {
                let count = element.attribute("c").and_then(|c| c.parse().ok()).unwrap_or(1);
                flow.text(&" ".repeat(std::cmp::min(count, 100)));
            }
            "tab" => flow.tab(),
            "line-break" => flow.line(),
            "list-item" => {
                flow.line();
                flow.text("- ");
            }
            "note-citation" => flow.text(" ["),
            // What was deleted; forms; the number of a page; lists of names that look like tables.
            "tracked-changes" | "forms" | "page-number" | "page-count" | "settings"
            | "named-expressions" | "database-ranges" | "automatic-styles" | "font-face-decls"
            | "shapes" => return true,
            _ => {}
        }
        false
    }

    /// Tables, sheets and slides.
    fn begin_structure(
        &mut self,
        name: &str,
        count: usize,
        title: Option<String>,
        flow: &mut Flow<'_>,
        is_body: bool,
    ) {
        match name {
            "spreadsheet" => self.tables = SHEETS,
            "page" if is_body && self.tables == 0 => self.begin_page(None, flow),
            "table" => {
                if self.tables == SHEETS {
                    self.begin_page(title, flow);
                }
                self.tables += 1;
                flow.begin_table();
            }
            "table-row" => {
                flow.begin_row();
                self.row = (count, flow.out().len());
            }
            "table-cell" | "covered-table-cell" => {
                flow.begin_cell();
                self.cell = (count, flow.out().len());
            }
            _ => {}
        }
    }

    fn begin_page(&mut self, title: Option<String>, flow: &mut Flow<'_>) {
        self.pages += 1;
        flow.begin_page(self.pages);
        if let Some(title) = title {
            flow.text(&title);
        }
    }

    fn end(&mut self, name: &str, flow: &mut Flow<'_>) {
        match name {
            "p" | "h" => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                flow.line();
            }
            "note-citation" => flow.text("] "),
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                flow.end_table();
            }
            "table-cell" | "covered-table-cell" => self.end_cell(flow),
            "table-row" => self.end_row(flow),
            _ => {}
        }
    }

    /// A cell that stands there several times is written several times, if something is in it.
    fn end_cell(&mut self, flow: &mut Flow<'_>) {
        let (count, start) = std::mem::replace(&mut self.cell, (1, flow.out().len()));
        if count < 2 {
            return;
        }
        let text = flow.out().since(start).trim_matches(['\n', '\t', ' ']).to_owned();
        if text.is_empty() {
            flow.skip_cells(count - 1);
        } else {
            for _ in 1..count.min(REPEATS) {
                flow.begin_cell();
                flow.text(&text);
            }
        }
    }

    fn end_row(&mut self, flow: &mut Flow<'_>) {
        let (count, start) = std::mem::replace(&mut self.row, (1, flow.out().len()));
        if count < 2 {
            return;
        }
        let text = flow.out().since(start).trim_matches('\n').to_owned();
        if text.trim().is_empty() {
            return;
        }
        for _ in 1..count.min(REPEATS) {
            flow.begin_row();
            for cell in text.split('\t') {
                flow.begin_cell();
                flow.text(cell);
            }
        }
    }
}

/// More than the tables of any text within each other: marks that tables on this level are sheets.
const SHEETS: usize = 1 << 20;

/// How often a cell or row stands there.
fn repeats(element: &Element<'_>) -> usize {
    let count = element
        .attribute("number-columns-repeated")
        .or_else(|| element.attribute("number-rows-repeated"));
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}
