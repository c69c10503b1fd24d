//! The texts that cells share.

use std::io::Read;

use super::super::xml::{Node, Xml};
use crate::ReadError;

/// One text after the other, and where each ends: a workbook may have millions of them.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the table; it is as large as its part may be and no larger.
    pub(super) fn read<R: Read>(xml: Option<Xml<R>>) -> Result<Self, ReadError> {
        let mut strings = Self::default();
        let Some(mut xml) = xml else { return Ok(strings) };
        let mut in_text = false;
        loop {
            let mut skip = false;
            match xml.next()? {
                Node::Start(element) => match element.name() {
                    "t" => in_text = true,
                    "rPh" | "rPr" => skip = true,
                    _ => {}
                },
                Node::End(element) => match element.name() {
                    "t" => in_text = false,
                    "si" => {
                        strings.ends.push(u32::try_from(strings.text.len()).unwrap_or(u32::MAX));
                    }
                    _ => {}
                },
                Node::Text(text) if in_text => strings.text.push_str(&text),
                Node::Eof => return Ok(strings),
                _ => {}
            }
            if skip {
                xml.skip()?;
            }
        }
    }

    /// The text of an index; empty where there is none.
    pub(super) fn get(&self, index: usize) -> &str {
        let end = self.ends.get(index).copied();
        let start = index.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        end.and_then(|end| self.text.get(start as usize..end as usize)).unwrap_or_default()
    }
}
