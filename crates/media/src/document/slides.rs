//! Presentations: `PresentationML` (ECMA-376, part 1, section 19).

use std::io::{Read, Seek};

use super::{
    container::Container,
    flow::Flow,
    limits::damaged,
    output::Output,
    package::{Relations, main_part, properties},
    xml::{Node, Xml},
};
use crate::ReadError;

const WHAT: &str = "a PowerPoint presentation";

/// Reads the slides in their order, each with its notes. A slide is a page.
pub(super) fn read<R: Read + Seek>(
    container: &mut Container<R>,
    out: &mut Output,
) -> Result<(), ReadError> {
    properties(container, out)?;
    let main = main_part(container, "ppt/presentation.xml", WHAT)?;
    let relations = Relations::of(container, &main, WHAT)?;
    let ids = slide_ids(container.xml(&main, WHAT)?.ok_or_else(|| damaged(WHAT))?)?;
    let slides: Vec<String> =
        ids.iter().filter_map(|id| relations.by_id(id)).map(str::to_owned).collect();
    let mut number = 0;
    for path in slides {
        let Some(xml) = container.xml(&path, WHAT)? else { continue };
        number += 1;
        let mut flow = Flow::new(out);
        flow.begin_page(number);
        shapes(xml, &mut flow)?;
        let notes = Relations::of(container, &path, WHAT)?;
        for part in notes.of_kind("notesSlide") {
            let Some(xml) = container.xml(part, WHAT)? else { continue };
            let mut alone = Output::new();
            shapes(xml, &mut Flow::new(&mut alone))?;
            let text = alone.finish().text;
            if !text.is_empty() {
                out.push("\nNotes: ");
                out.push(&text);
            }
        }
        if out.is_full() {
            break;
        }
    }
    out.end_page();
    out.fact("pages", number);
    Ok(())
}

/// The relation ids of the slides, as they are shown.
fn slide_ids<R: Read>(mut xml: Xml<R>) -> Result<Vec<String>, ReadError> {
    let mut ids = Vec::new();
    loop {
        match xml.next()? {
            Node::Start(element) if element.name() == "sldId" => {
                ids.extend(element.prefixed("r:id"));
            }
            Node::Eof => return Ok(ids),
            _ => {}
        }
    }
}

/// The text of all shapes of a slide: `DrawingML` (section 21).
fn shapes<R: Read>(mut xml: Xml<R>, flow: &mut Flow<'_>) -> Result<(), ReadError> {
    let mut in_text = false;
    loop {
        let mut skip = false;
        match xml.next()? {
            Node::Start(element) => match element.name() {
                "t" => in_text = true,
                "tab" => flow.tab(),
                "br" => flow.line(),
                "tbl" => flow.begin_table(),
                "tr" => flow.begin_row(),
                "tc" => flow.begin_cell(),
                // The number of a slide is no text of it.
                "fld" => skip = element.attribute("type").is_some_and(|t| t == "slidenum"),
                "pPr" | "rPr" | "endParaRPr" | "Fallback" => skip = true,
                _ => {}
            },
            Node::End(element) => match element.name() {
                "t" => in_text = false,
                "p" => flow.line(),
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
