//! What import and export have in common: the lines of a file, and how each is written.

mod article;
mod category;
pub mod csv_file;
pub mod json_lines;
mod ticket;

pub use article::ArticleLine;
pub use category::CategoryLine;
pub use ticket::TicketLine;

use std::{collections::HashSet, io, path::Path, str::FromStr};

use anyhow::{Result, bail};
use atc_app::{App, ImportOutcome};
use atc_core::{Ctx, error::Faults, text::Tag, ticket::MAX_TAGS};
use serde::{Serialize, de::DeserializeOwned};

use crate::cli::Format;

/// More than the longest legal line or row: an article of 200,000 characters, each written as two
/// escapes.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// What a line of a file says, and where it goes to or comes from.
pub trait Line: Sized + Serialize + DeserializeOwned {
    /// The same with legal values only.
    type New;

    /// What a line is, as one says "3 tickets".
    const NOUN: &'static str;
    /// How many are taken in together.
    const BATCH: usize;
    /// The columns of a table.
    const COLUMNS: &'static [Column];

    /// Takes the values, if all are legal.
    fn parse(self) -> atc_core::Result<Self::New>;

    /// Takes some in; each stands or falls for itself.
    async fn take_in(
        app: &App,
        ctx: &Ctx,
        batch: Vec<Self::New>,
    ) -> atc_core::Result<Vec<atc_core::Result<ImportOutcome>>>;

    /// Some lines of an export after `after`, and where to go on; none at the end.
    async fn give_out(app: &App, after: i64) -> atc_core::Result<(Vec<Self>, i64)>;

    /// How many lines an export has.
    async fn count(app: &App) -> atc_core::Result<u64>;
}

/// A line of a file: its number, counted from 1, and what it says or why it says nothing.
pub struct Numbered<L> {
    /// The number of the line where it begins.
    pub number: u64,
    /// What it says.
    pub line: Result<L, String>,
}

/// The lines of a file, one after the other; an error is one of reading, which ends them.
pub type Lines<'a, L> = Box<dyn Iterator<Item = io::Result<Numbered<L>>> + 'a>;

/// A column of a table.
pub struct Column {
    /// The name of the field.
    pub name: &'static str,
    /// How its cells are written.
    pub cells: Cells,
    /// Whether a file without it makes no sense.
    pub required: bool,
}

/// How the cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// A text, which may be empty.
    Text,
    /// A word; an empty cell says nothing.
    Word,
    /// `true` or `false`; an empty cell says nothing.
    Flag,
    /// A list, as a JSON array, or its values with semicolons between; an empty cell says nothing.
    List,
    /// A JSON object; an empty cell says nothing.
    Object,
}

impl Column {
    const fn new(name: &'static str, cells: Cells) -> Self {
        Self { name, cells, required: false }
    }

    const fn required(name: &'static str, cells: Cells) -> Self {
        Self { name, cells, required: true }
    }
}

/// How a file is written: as was said, or by its name.
pub fn format_of(file: &Path, said: Option<Format>) -> Result<Format> {
    if let Some(format) = said {
        return Ok(format);
    }
    let extension = file.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("csv") => Ok(Format::Csv),
        Some("jsonl" | "ndjson") => Ok(Format::Jsonl),
        None if is_standard(file) => Ok(Format::Jsonl),
        _ => bail!(
            "{} ends neither in .jsonl nor in .csv: say --format jsonl or --format csv",
            file.display()
        ),
    }
}

/// Whether standard input or output is meant.
pub fn is_standard(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// The values of a list, each parsed; every fault is noted with its place.
fn each<T, E: std::fmt::Display>(
    faults: &mut Faults,
    pointer: &str,
    texts: Vec<String>,
    most: usize,
    parse: impl Fn(String) -> Result<T, E>,
) -> Option<Vec<T>> {
    let len = texts.len();
    if len > most {
        faults.body(pointer, format!("At most {most} are allowed; this has {len}."));
        return None;
    }
    let mut values = Vec::with_capacity(len);
    for (i, text) in texts.into_iter().enumerate() {
        values.extend(faults.take(&format!("{pointer}/{i}"), parse(text)));
    }
    (values.len() == len).then_some(values)
}

/// An identity.
fn id<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "This is not an id, which is a UUID.")
}

/// The tags of a ticket or an article, each once.
fn tags(faults: &mut Faults, texts: Vec<String>) -> Option<Vec<Tag>> {
    let mut tags = each(faults, "/tags", texts, MAX_TAGS, Tag::parse)?;
    let mut seen = HashSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    Some(tags)
}

/// The message of a fault in JSON, without its place: the line is known, and it is the only one.
fn without_place(e: &serde_json::Error) -> String {
    let text = e.to_string();
    let place = format!(" at line {} column {}", e.line(), e.column());
    text.strip_suffix(place.as_str()).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_said_or_seen_in_the_name() {
        let of = |name: &str| format_of(Path::new(name), None);
        assert_eq!(of("a.CSV").unwrap(), Format::Csv);
        assert_eq!(of("a.jsonl").unwrap(), Format::Jsonl);
        assert_eq!(of("-").unwrap(), Format::Jsonl);
        assert!(of("a.xlsx").is_err());
        assert_eq!(format_of(Path::new("a"), Some(Format::Csv)).unwrap(), Format::Csv);
    }
}
