//! XML, event by event: no tree, no entities of its own, a bound on the depth.

use std::{
    borrow::Cow,
    io::{BufReader, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    encoding::DecodingReader,
    escape::resolve_predefined_entity,
    events::{BytesEnd, BytesStart, Event},
};

use super::limits::{DEPTH, damaged, refusal};
use crate::ReadError;

/// Reads the XML of one part of a document.
pub(super) struct Xml<R: Read> {
    reader: Reader<DecodingReader<BufReader<R>>>,
    buffer: Vec<u8>,
    depth: usize,
    what: &'static str,
}

/// What is read next. An empty element is read as its start and its end.
pub(super) enum Node<'a> {
    Start(Element<'a>),
    End(Close<'a>),
    Text(Cow<'a, str>),
    /// Comments, declarations and the like.
    Other,
    /// The end of the part.
    Eof,
}

/// The start of an element.
pub(super) struct Element<'a>(BytesStart<'a>);

/// The end of an element.
pub(super) struct Close<'a>(BytesEnd<'a>);

impl Element<'_> {
    /// Its name without the prefix of its namespace.
    pub(super) fn name(&self) -> &str {
        local(self.0.name().into_inner())
    }

    /// The value of an attribute, which is named without the prefix of its namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.find(|key| local(key) == name)
    }

    /// The value of an attribute, which is named with the prefix that is usual for its namespace.
    pub(super) fn prefixed(&self, name: &str) -> Option<String> {
        self.find(|key| key == name)
    }

    fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        let found = attributes
            .with_checks(false)
            .filter_map(Result::ok)
            .find(|attribute| is_it(attribute.key.into_inner()))?;
        let value = found.normalized_value(XmlVersion::Implicit1_0).ok();
        Some(value.unwrap_or(found.value).into_owned())
    }
}

impl Close<'_> {
    /// Its name without the prefix of its namespace.
    pub(super) fn name(&self) -> &str {
        local(self.0.name().into_inner())
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

impl<R: Read> Xml<R> {
    /// Reads from `part`; `what` is what the file should be, for the refusal of one that is not.
    pub(super) fn new(part: R, what: &'static str) -> Self {
        let mut reader = Reader::from_reader(DecodingReader::new(BufReader::new(part)));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new(), depth: 0, what }
    }

    /// The next of what there is.
    pub(super) fn next(&mut self) -> Result<Node<'_>, ReadError> {
        self.buffer.clear();
        let what = self.what;
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => refusal(&error, what),
            _ => damaged(what),
        })?;
        Ok(match event {
            Event::Start(start) => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(ReadError::refused(format_args!(
                        "The file nests its elements more than {DEPTH} deep, as no document does; it \
                         was not read."
                    )));
                }
                Node::Start(Element(start))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Node::End(Close(end))
            }
            Event::Text(text) => Node::Text(text.into_inner()),
            Event::CData(text) => Node::Text(text.into_inner()),
            Event::GeneralRef(name) => {
                if let Ok(Some(character)) = name.resolve_char_ref() {
                    Node::Text(character.to_string().into())
                } else {
                    // Entities that the document defines itself are never looked up.
                    resolve_predefined_entity(&name).map_or(Node::Other, |c| Node::Text(c.into()))
                }
            }
            Event::DocType(text) => {
                refuse_nested_entities(&text)?;
                Node::Other
            }
            Event::Eof => Node::Eof,
            _ => Node::Other,
        })
    }

    /// Passes over the rest of the element whose start was read last.
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if matches!(self.next()?, Node::Eof) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The text of the element whose start was read last, without what it has within other ones.
    pub(super) fn text(&mut self) -> Result<String, ReadError> {
        let inside = self.depth;
        let mut all = String::new();
        while self.depth >= inside {
            match self.next()? {
                Node::Text(text) => all.push_str(&text),
                Node::Eof => break,
                _ => {}
            }
        }
        Ok(all)
    }
}

/// Entities are not expanded here; a document that builds entities out of entities is a bomb for the
/// next program that reads it.
fn refuse_nested_entities(declaration: &str) -> Result<(), ReadError> {
    let values = declaration.split("<!ENTITY").skip(1);
    for value in values {
        let refers = value.split('&').skip(1).any(|name| {
            let end = name.find(';').unwrap_or(0);
            end > 0 && !name.starts_with('#') && resolve_predefined_entity(&name[..end]).is_none()
        });
        if refers {
            return Err(ReadError::refused(
                "The file defines entities by other entities, as only a file made to fill memory \
                 does; it was not read.",
            ));
        }
    }
    Ok(())
}
