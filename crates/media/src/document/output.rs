//! The text that is made of a document: bounded, clean, page by page.

use std::collections::BTreeMap;

use atc_core::file::{Extracted, Fact, FileKind, PageText};

use super::limits::{PAGES, TEXT_CHARS};

/// Collects the text of a document. What is beyond the bound is dropped, and said to be.
pub(super) struct Output {
    text: String,
    left: usize,
    pages: Vec<PageText>,
    page: Option<(u32, usize)>,
    facts: BTreeMap<String, Fact>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            left: TEXT_CHARS,
            pages: Vec::new(),
            page: None,
            facts: BTreeMap::new(),
        }
    }

    /// Adds text without the controls that no reader of text wants.
    pub(super) fn push(&mut self, text: &str) {
        for c in text.chars() {
            if (c.is_control() && c != '\n' && c != '\t') || c == '\u{FEFF}' {
                continue;
            }
            if self.left == 0 {
                self.facts.insert("truncated".to_owned(), Fact::Flag(true));
                return;
            }
            self.left -= 1;
            self.text.push(c);
        }
    }

    /// Whether nothing more is kept, so that reading on is of no use.
    pub(super) fn is_full(&self) -> bool {
        self.facts.contains_key("truncated")
    }

    /// How many pages there are by now, the open one included.
    pub(super) fn pages(&self) -> u32 {
        let open = usize::from(self.page.is_some());
        u32::try_from(self.pages.len() + open).unwrap_or(u32::MAX)
    }

    /// How long the text is by now, in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text from there on.
    pub(super) fn since(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or_default()
    }

    /// What follows is this page, until the next one begins.
    pub(super) fn begin_page(&mut self, number: u32) {
        self.end_page();
        if self.pages.len() >= PAGES {
            self.facts.insert("truncated".to_owned(), Fact::Flag(true));
            return;
        }
        if !self.text.is_empty() {
            self.push("\n\n");
        }
        self.page = Some((number, self.text.len()));
    }

    /// What follows belongs to no page.
    pub(super) fn end_page(&mut self) {
        let Some((number, start)) = self.page.take() else { return };
        let end = self.text.trim_end().len().max(start);
        self.text.truncate(end);
        let text = self.since(start).trim().to_owned();
        self.pages.push(PageText { number, text });
    }

    /// Keeps what the document says of itself, if it says something.
    pub(super) fn fact(&mut self, name: &str, value: impl Into<Fact>) {
        let value = match value.into() {
            Fact::Text(text) => {
                let text: String =
                    text.trim().chars().filter(|c| !c.is_control()).take(FACT_CHARS).collect();
                if text.is_empty() {
                    return;
                }
                Fact::Text(text)
            }
            other => other,
        };
        self.facts.insert(name.to_owned(), value);
    }

    /// What was read.
    pub(super) fn finish(mut self) -> Extracted {
        self.end_page();
        let text = self.text.trim().to_owned();
        Extracted {
            text,
            pages: self.pages,
            metadata: self.facts,
            ..Extracted::empty(FileKind::Document)
        }
    }
}

/// Characters of a title or another fact.
const FACT_CHARS: usize = 500;
