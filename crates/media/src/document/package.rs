//! What the office formats of ECMA-376 share: relations between parts, and properties.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use super::{
    container::Container,
    output::Output,
    xml::{Node, Xml},
};
use crate::ReadError;

/// The relations of a part: by id, the type's last word and the path of the part that is meant.
pub(super) struct Relations(BTreeMap<String, (String, String)>);

impl Relations {
    /// Those of `part`; of the package itself for an empty name. None where the part has none.
    pub(super) fn of<R: Read + Seek>(
        container: &mut Container<R>,
        part: &str,
        what: &'static str,
    ) -> Result<Self, ReadError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let slash = if folder.is_empty() { "" } else { "/" };
        let path = format!("{folder}{slash}_rels/{name}.rels");
        let mut found = BTreeMap::new();
        let Some(mut xml) = container.xml(&path, what)? else { return Ok(Self(found)) };
        loop {
            match xml.next()? {
                Node::Start(element) if element.name() == "Relationship" => {
                    let read = |name| element.attribute(name).unwrap_or_default();
                    if read("TargetMode") != "External" {
                        let kind = read("Type");
                        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                        found.insert(read("Id"), (kind, resolved(folder, &read("Target"))));
                    }
                }
                Node::Eof => return Ok(Self(found)),
                _ => {}
            }
        }
    }

    /// The part that an id means.
    pub(super) fn by_id(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|(_, path)| path.as_str())
    }

    /// The parts of a type, by path.
    pub(super) fn of_kind<'a>(&'a self, kind: &str) -> Vec<&'a str> {
        let found = self.0.values().filter(|(k, _)| k == kind);
        let mut paths: Vec<&str> = found.map(|(_, path)| path.as_str()).collect();
        paths.sort_by_key(|path| (path.len(), *path));
        paths
    }
}

/// The path of a part within the package. What points out of it points nowhere: parts are looked up
/// by name in the archive and nowhere else.
fn resolved(folder: &str, target: &str) -> String {
    let (base, target) = match target.strip_prefix('/') {
        Some(absolute) => ("", absolute),
        None => (folder, target),
    };
    let mut path: Vec<&str> = base.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The path of the part that the package is about, or `usual`.
pub(super) fn main_part<R: Read + Seek>(
    container: &mut Container<R>,
    usual: &str,
    what: &'static str,
) -> Result<String, ReadError> {
    let relations = Relations::of(container, "", what)?;
    let main = relations.of_kind("officeDocument").first().map(|path| (*path).to_owned());
    Ok(main.filter(|path| container.has(path)).unwrap_or_else(|| usual.to_owned()))
}

/// Keeps title, author and the like from `docProps/core.xml`.
pub(super) fn properties<R: Read + Seek>(
    container: &mut Container<R>,
    out: &mut Output,
) -> Result<(), ReadError> {
    if let Some(xml) = container.xml("docProps/core.xml", "an Office document")? {
        dublin_core(xml, out)?;
    }
    Ok(())
}

/// Keeps what elements of the Dublin Core and their neighbours in other formats say.
pub(super) fn dublin_core<R: Read>(mut xml: Xml<R>, out: &mut Output) -> Result<(), ReadError> {
    loop {
        let fact = match xml.next()? {
            Node::Start(element) => match element.name() {
                "title" => "title",
                "creator" => "author",
                "initial-creator" => "created_by",
                "subject" => "subject",
                "description" => "description",
                "keywords" | "keyword" => "keywords",
                "language" => "language",
                "created" | "creation-date" => "created",
                "modified" | "date" => "modified",
                "lastModifiedBy" => "last_modified_by",
                _ => continue,
            },
            Node::Eof => return Ok(()),
            _ => continue,
        };
        let text = xml.text()?;
        out.fact(fact, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_relative_to_their_part_and_never_outside() {
        for (folder, target, path) in [
            ("word", "header1.xml", "word/header1.xml"),
            ("ppt/slides", "../notesSlides/notesSlide1.xml", "ppt/notesSlides/notesSlide1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("word", "../../../etc/passwd", "etc/passwd"),
            ("", "./word/document.xml", "word/document.xml"),
        ] {
            assert_eq!(resolved(folder, target), path);
        }
    }
}
