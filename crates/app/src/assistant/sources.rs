//! The sources of a conversation: what tools returned, each under a mark that answers may name.

use atc_core::{
    article::ArticleHit,
    conversation::{Citation, CitationKind, Message},
    file::File,
    ticket::Ticket,
};
use uuid::Uuid;

/// The most sources of a conversation; what comes beyond has no mark and cannot be cited.
const MOST_SOURCES: usize = 500;
/// The most characters that are quoted of a source.
const SNIPPET_CHARS: usize = 300;

/// What may be cited.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Citation>);

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct FilePlace {
    /// The page.
    pub page: Option<u32>,
    /// The second.
    pub start: Option<f64>,
}

impl Sources {
    /// Those that earlier answers of the conversation named. Their marks stay theirs.
    pub fn of(messages: &[Message]) -> Self {
        let mut all: Vec<Citation> = Vec::new();
        for citation in messages.iter().flat_map(|m| &m.citations) {
            if let Some(at) = number(&citation.mark).filter(|n| (1..=MOST_SOURCES).contains(n)) {
                while all.len() < at {
                    all.push(nothing(all.len() + 1));
                }
                all[at - 1] = citation.clone();
            }
        }
        Self(all)
    }

    /// Whether there is a source of this number, the first being 1.
    pub fn has(&self, number: usize) -> bool {
        number.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|c| !c.title.is_empty())
    }

    /// An article that a search returned.
    pub fn article(&mut self, hit: &ArticleHit) -> String {
        self.add(Citation {
            mark: String::new(),
            kind: CitationKind::Article,
            id: hit.id.0,
            number: None,
            title: hit.title.clone(),
            page: None,
            start: None,
            snippet: Some(shortened(&hit.snippet)),
        })
    }

    /// A ticket that the caller may see.
    pub fn ticket(&mut self, ticket: &Ticket) -> String {
        self.add(Citation {
            mark: String::new(),
            kind: CitationKind::Ticket,
            id: ticket.id.0,
            number: Some(ticket.number),
            title: ticket.title.as_str().to_owned(),
            page: None,
            start: None,
            snippet: None,
        })
    }

    /// A place in a file that the caller may see.
    pub fn file(&mut self, file: &File, place: FilePlace, text: &str) -> String {
        self.add(Citation {
            mark: String::new(),
            kind: CitationKind::File,
            id: file.id.0,
            number: None,
            title: file.filename.as_str().to_owned(),
            page: place.page,
            start: place.start,
            snippet: Some(shortened(text)),
        })
    }

    /// The sources of these numbers, the first being 1.
    pub fn named(&self, numbers: &[usize]) -> Vec<Citation> {
        let cited = numbers.iter().filter_map(|n| self.0.get(n.checked_sub(1)?));
        cited.filter(|citation| !citation.title.is_empty()).cloned().collect()
    }

    fn add(&mut self, citation: Citation) -> String {
        let same = |other: &&mut Citation| {
            other.kind == citation.kind
                && other.id == citation.id
                && other.page == citation.page
                && other.start == citation.start
        };
        if let Some(known) = self.0.iter_mut().find(same) {
            return known.mark.clone();
        }
        if self.0.len() >= MOST_SOURCES {
            return "S–".to_owned();
        }
        let mark = format!("S{}", self.0.len() + 1);
        self.0.push(Citation { mark: mark.clone(), ..citation });
        mark
    }
}

fn number(mark: &str) -> Option<usize> {
    mark.strip_prefix('S')?.parse().ok()
}

/// A mark that an earlier turn gave to something that no answer named.
fn nothing(number: usize) -> Citation {
    Citation {
        mark: format!("S{number}"),
        kind: CitationKind::Article,
        id: Uuid::nil(),
        number: None,
        title: String::new(),
        page: None,
        start: None,
        snippet: None,
    }
}

#[cfg(test)]
impl Sources {
    /// So many sources.
    pub fn numbered(count: usize) -> Self {
        let source = |number| Citation { title: "A source".to_owned(), ..nothing(number) };
        Self((1..=count).map(source).collect())
    }
}

/// The beginning of a text on one line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SNIPPET_CHARS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
