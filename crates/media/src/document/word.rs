//! Word documents: `WordprocessingML` (ECMA-376, part 1, section 17).

use std::io::{Read, Seek};

use super::{
    container::Container,
    flow::Flow,
    output::Output,
    package::{Relations, main_part, properties},
    xml::{Node, Xml},
};
use crate::ReadError;

const WHAT: &str = "a Word document";

/// Reads headers, body, footnotes, endnotes, comments and footers, in this order.
pub(super) fn read<R: Read + Seek>(
    container: &mut Container<R>,
    out: &mut Output,
) -> Result<(), ReadError> {
    properties(container, out)?;
    let main = main_part(container, "word/document.xml", WHAT)?;
    let relations = Relations::of(container, &main, WHAT)?;
    let mut seen = Vec::new();
    furniture(container, &relations.of_kind("header"), &mut seen, out)?;
    let body = container.xml(&main, WHAT)?.ok_or_else(|| super::limits::damaged(WHAT))?;
    story(body, &mut Flow::new(out))?;
    for kind in ["footnotes", "endnotes", "comments"] {
        for part in relations.of_kind(kind) {
            if let Some(xml) = container.xml(part, WHAT)? {
                story(xml, &mut Flow::new(out))?;
            }
        }
    }
    furniture(container, &relations.of_kind("footer"), &mut seen, out)
}

/// Headers or footers, each text once: a document has up to three of each in every section.
fn furniture<R: Read + Seek>(
    container: &mut Container<R>,
    parts: &[&str],
    seen: &mut Vec<String>,
    out: &mut Output,
) -> Result<(), ReadError> {
    for part in parts.iter().take(64) {
        let Some(xml) = container.xml(part, WHAT)? else { continue };
        let mut alone = Output::new();
        story(xml, &mut Flow::new(&mut alone))?;
        let text = alone.finish().text;
        if !text.is_empty() && !seen.contains(&text) {
            let mut flow = Flow::new(out);
            for line in text.lines() {
                flow.text(line);
                flow.line();
            }
            seen.push(text);
        }
    }
    Ok(())
}

/// The paragraphs and tables of one part.
fn story<R: Read>(mut xml: Xml<R>, flow: &mut Flow<'_>) -> Result<(), ReadError> {
    let mut in_text = false;
    let mut bullet = false;
    loop {
        let mut skip = false;
        match xml.next()? {
            Node::Start(element) => match element.name() {
                "t" => {
                    in_text = true;
                    if std::mem::take(&mut bullet) {
                        flow.text("- ");
                    }
                }
                "tab" | "ptab" => flow.tab(),
                "br" | "cr" => flow.line(),
                "noBreakHyphen" => flow.text("-"),
                "footnoteReference" | "endnoteReference" | "footnote" | "endnote" => {
                    // Separators are notes too; they have a type.
                    if let (Some(id), None) = (element.prefixed("w:id"), element.prefixed("w:type"))
                    {
                        flow.text(&format!("[{id}] "));
                    }
                }
                "numPr" => bullet = true,
                "tbl" => flow.begin_table(),
                "tr" => flow.begin_row(),
                "tc" => flow.begin_cell(),
                // Tab stops, formats; what was moved away; what repeats a choice for old programs.
                "tabs" | "rPr" | "sectPr" | "tblPr" | "moveFrom" | "Fallback" => skip = true,
                _ => {}
            },
            Node::End(element) => match element.name() {
                "t" => in_text = false,
                "p" => {
                    bullet = false;
                    flow.line();
                }
                "tbl" => flow.end_table(),
                _ => {}
            },
            Node::Text(text) if in_text => flow.text(&text),
            Node::Eof => return Ok(()),
            _ => {}
        }
        if skip {
            xml.skip()?;
        }
        if flow.out().is_full() {
            return Ok(());
        }
    }
}
