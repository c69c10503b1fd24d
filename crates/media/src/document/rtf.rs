//! Rich Text Format 1.9.1: its text, with tables, in the code pages of its fonts.
//!
//! The crate at hand, rtf-parser 0.4, reads `\'xx` as windows-1252 whatever the document says and
//! builds a tree first; for the text alone a walk over the words of control suffices.

mod destination;

use encoding_rs::{Encoding, WINDOWS_1252};

use self::destination::{fact_of, is_silent};
use super::{flow::Flow, limits::DEPTH, output::Output};
use crate::ReadError;

/// What holds within a group.
#[derive(Clone)]
struct Group {
    /// Its text is not for people.
    silent: bool,
    /// How many characters stand for one of Unicode, for programs that know none.
    fallback: usize,
    /// The fact that its text is.
    fact: Option<&'static str>,
    encoding: &'static Encoding,
}

/// Reads the text. The bytes begin with `{\rtf`.
pub(super) fn read(bytes: &[u8], out: &mut Output) -> Result<(), ReadError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        group: Group { silent: false, fallback: 1, fact: None, encoding: WINDOWS_1252 },
        outer: Vec::new(),
        pending: Vec::new(),
        skip: 0,
        high: None,
        fonts: Fonts::default(),
        fact: String::new(),
        in_row: false,
    };
    let mut flow = Flow::new(out);
    while let Some(token) = reader.next() {
        reader.take(token, &mut flow)?;
        if flow.out().is_full() {
            break;
        }
    }
    reader.flush(&mut flow);
    Ok(())
}

/// The code pages of the fonts, by their numbers; the one that is being declared.
#[derive(Default)]
struct Fonts {
    pages: std::collections::BTreeMap<i32, &'static Encoding>,
    declared: Option<i32>,
    in_table: Option<usize>,
}

enum Token<'a> {
    Open,
    Close,
    Word(&'a str, Option<i32>),
    Symbol(u8),
    /// A character of the code page, as two hexadecimal digits or as it is.
    Byte(u8),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    group: Group,
    outer: Vec<Group>,
    /// Characters of the code page, which may take two bytes each.
    pending: Vec<u8>,
    /// Characters that are still to be passed over.
    skip: usize,
    /// The first half of a character beyond the sixteen bits of `\u`.
    high: Option<u16>,
    fonts: Fonts,
    fact: String,
    in_row: bool,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            return Some(match byte {
                b'{' => Token::Open,
                b'}' => Token::Close,
                b'\r' | b'\n' => continue,
                b'\\' => self.control()?,
                byte => Token::Byte(byte),
            });
        }
    }

    fn control(&mut self) -> Option<Token<'a>> {
        let rest = self.bytes.get(self.at..)?;
        let letters = rest.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        if letters == 0 {
            let symbol = *rest.first()?;
            self.at += 1;
            if symbol != b'\'' {
                return Some(Token::Symbol(symbol));
            }
            let digits = rest.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            self.at += if byte.is_some() { 2 } else { 0 };
            return Some(Token::Byte(byte.unwrap_or(b'?')));
        }
        let word = std::str::from_utf8(&rest[..letters]).ok()?;
        let digits = rest[letters..].iter().take(11);
        let length = digits
            .enumerate()
            .take_while(|(i, b)| b.is_ascii_digit() || (*i == 0 && **b == b'-'))
            .count();
        let number = std::str::from_utf8(&rest[letters..letters + length]).ok()?.parse().ok();
        self.at += letters + length;
        // One space ends a word and belongs to it.
        self.at += usize::from(self.bytes.get(self.at) == Some(&b' '));
        Some(Token::Word(word, number))
    }

    fn take(&mut self, token: Token<'_>, flow: &mut Flow<'_>) -> Result<(), ReadError> {
        match token {
            Token::Byte(byte) => {
                if self.skip > 0 {
                    self.skip -= 1;
                } else if !self.group.silent || self.group.fact.is_some() {
                    self.pending.push(byte);
                }
                return Ok(());
            }
            Token::Word("u", number) => self.unicode(number.unwrap_or(0), flow),
            other => {
                self.flush(flow);
                self.skip = 0;
                match other {
                    Token::Open => self.open()?,
                    Token::Close => self.close(flow),
                    Token::Symbol(symbol) => self.symbol(symbol, flow),
                    Token::Word(word, number) => self.word(word, number, flow),
                    Token::Byte(_) => {}
                }
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), ReadError> {
        if self.outer.len() >= DEPTH {
            return Err(ReadError::refused(format_args!(
                "The file nests its groups more than {DEPTH} deep, as no document does; it was not \
                 read."
            )));
        }
        self.outer.push(self.group.clone());
        self.group.fact = None;
        Ok(())
    }

    fn close(&mut self, flow: &mut Flow<'_>) {
        if let Some(name) = self.group.fact {
            let text = std::mem::take(&mut self.fact);
            flow.out().fact(name, text);
        }
        if self.fonts.in_table == Some(self.outer.len()) {
            self.fonts.in_table = None;
        }
        if let Some(group) = self.outer.pop() {
            self.group = group;
        }
    }

    fn symbol(&mut self, symbol: u8, flow: &mut Flow<'_>) {
        match symbol {
            b'\\' | b'{' | b'}' => self.emit(&char::from(symbol).to_string(), flow),
            b'~' => self.emit("\u{A0}", flow),
            b'_' => self.emit("-", flow),
            b'\r' | b'\n' if !self.group.silent => flow.line(),
            // A destination that old programs do not know; those with text for people are few.
            b'*' => self.group.silent = true,
            _ => {}
        }
    }

    fn word(&mut self, word: &str, number: Option<i32>, flow: &mut Flow<'_>) {
        if let Some(name) = fact_of(word) {
            self.group.fact = Some(name);
            return;
        }
        match (word, number) {
            ("fonttbl", _) => {
                self.fonts.in_table = Some(self.outer.len());
                self.group.silent = true;
            }
            ("ansicpg", Some(page)) => self.group.encoding = encoding_of_page(page),
            ("f", Some(font)) if self.fonts.in_table.is_some() => self.fonts.declared = Some(font),
            ("f", Some(font)) => {
                if let Some(encoding) = self.fonts.pages.get(&font) {
                    self.group.encoding = encoding;
                }
            }
            ("fcharset", Some(set)) => {
                if let (Some(font), Some(page)) = (self.fonts.declared, destination::page_of(set))
                    && self.fonts.pages.len() < 10_000
                {
                    self.fonts.pages.insert(font, encoding_of_page(page));
                }
            }
            ("uc", Some(count)) => self.group.fallback = usize::try_from(count).unwrap_or(1).min(8),
            ("bin", Some(count)) => {
                self.at = self.at.saturating_add(usize::try_from(count).unwrap_or(0));
            }
            ("shptxt" | "footnote", _) => self.group.silent = false,
            (word, _) if is_silent(word) => self.group.silent = true,
            _ if self.group.silent => {}
            _ => self.layout(word, flow),
        }
    }

    /// Paragraphs, tables and characters that have names.
    fn layout(&mut self, word: &str, flow: &mut Flow<'_>) {
        match word {
            "par" | "line" | "sect" | "page" => flow.line(),
            "tab" => flow.tab(),
            "trowd" if !self.in_row => {
                flow.begin_table();
                flow.begin_row();
                flow.begin_cell();
                self.in_row = true;
            }
            "cell" | "nestcell" => flow.begin_cell(),
            "row" => {
                flow.end_table();
                self.in_row = false;
            }
            "emdash" => flow.text("—"),
            "endash" => flow.text("–"),
            "bullet" => flow.text("•"),
            "lquote" => flow.text("‘"),
            "rquote" => flow.text("’"),
            "ldblquote" => flow.text("“"),
            "rdblquote" => flow.text("”"),
            _ => {}
        }
    }

    /// A unit of UTF-16, as a signed number.
    fn unicode(&mut self, number: i32, flow: &mut Flow<'_>) {
        self.flush(flow);
        self.skip = self.group.fallback;
        let Ok(unit) = u16::try_from(number.rem_euclid(65_536)) else { return };
        if (0xD800..0xDC00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let units = self.high.take().into_iter().chain([unit]);
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.emit(&text, flow);
    }

    fn flush(&mut self, flow: &mut Flow<'_>) {
        if !self.pending.is_empty() {
            let bytes = std::mem::take(&mut self.pending);
            let text = self.group.encoding.decode_without_bom_handling(&bytes).0;
            self.emit(&text, flow);
        }
    }

    fn emit(&mut self, text: &str, flow: &mut Flow<'_>) {
        if self.group.fact.is_some() {
            if self.fact.len() < 1_000 {
                self.fact.push_str(text);
            }
        } else if !self.group.silent {
            flow.text(text);
        }
    }
}

fn encoding_of_page(page: i32) -> &'static Encoding {
    let label = match page {
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10_000 => "macintosh".to_owned(),
        65_001 => "utf-8".to_owned(),
        page => format!("windows-{page}"),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rtf: &[u8]) -> atc_core::file::Extracted {
        let mut out = Output::new();
        super::read(rtf, &mut out).unwrap();
        out.finish()
    }

    #[test]
    fn text_is_read_and_the_rest_is_not() {
        let read = read(
            br"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Arial;}{\f1\fnil\fcharset204 Arial;}}
{\colortbl;\red0\green0\blue0;}{\info{\title Printer report}{\author Ada}}{\*\generator Riched;}
\f0\b Caf\'e9\b0  \{x\}\par \u8364?uro \u-10179?\u-8704?\line{\f1\'cf\'f0\'e8\'e2\'e5\'f2} {\pict 00ff}end\par}",
        );
        assert_eq!(read.text, "Café {x}\n€uro 😀\nПривет end");
        assert_eq!(read.metadata["title"], "Printer report".into());
        assert_eq!(read.metadata["author"], "Ada".into());
    }

    #[test]
    fn rows_are_lines() {
        let text = read(
            br"{\rtf1 before\par\trowd\cellx1\cellx2 a\intbl\cell b\cell\row\trowd c\cell d\cell\row after}",
        )
        .text;
        assert_eq!(text, "before\na\tb\nc\td\nafter");
    }

    #[test]
    fn broken_rtf_is_read_as_far_as_it_goes() {
        for broken in [
            &br"{\rtf"[..],
            br"{\rtf1 a\'",
            br"{\rtf1 a\'zz",
            br"{\rtf1 a\u",
            br"{\rtf1 a}}}}b",
            b"{\\rtf1 a\\",
        ] {
            let _ = read(broken).text;
        }
        assert_eq!(read(br"{\rtf1 a{\bin99999999999 }b").text, "ab");
        assert_eq!(read(br"{\rtf1 a\bin2147483647 b").text, "a");
        let deep = [&br"{\rtf1 "[..], &b"{".repeat(100_000)].concat();
        assert!(super::read(&deep, &mut Output::new()).is_err());
    }
}
