//! HTML as text: the tokens of the WHATWG standard, without a tree, so that deep or unclosed elements
//! cost nothing.

use encoding_rs::Encoding;
use html5gum::{DefaultEmitter, Token, Tokenizer};

use super::{encoding::decode, flow::Flow, output::Output};

/// Reads a page in its encoding: that of its mark, that which it names, or that which is likely.
pub(super) fn read(bytes: &[u8], out: &mut Output) {
    let named = charset(&bytes[..bytes.len().min(1024)]);
    match named {
        Some(encoding) if Encoding::for_bom(bytes).is_none() => {
            let (text, used, _) = encoding.decode(bytes);
            out.fact("encoding", used.name());
            write(&text, &mut Flow::of_layout(out));
        }
        _ => {
            let (text, encoding) = decode(bytes);
            out.fact("encoding", encoding);
            write(&text, &mut Flow::of_layout(out));
        }
    }
}

/// WHATWG HTML, section 13.2.3.2: the encoding that an element `meta` names in the first 1,024 bytes.
fn charset(head: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let (_, rest) = head.split_once("charset=")?;
    let label = rest.trim_start_matches(['"', '\'', ' ']);
    let end = label.find(['"', '\'', ' ', '>', ';', '/']).unwrap_or(label.len());
    let encoding = Encoding::for_label(&label.as_bytes()[..end])?;
    // What was read as bytes up to here cannot be in sixteen bits.
    Some(if encoding.is_ascii_compatible() { encoding } else { encoding_rs::UTF_8 })
}

/// Elements without text for people.
const SILENT: [&str; 8] =
    ["script", "style", "template", "noscript", "svg", "select", "iframe", "object"];

/// Writes the text of a page.
pub(super) fn write(html: &str, flow: &mut Flow<'_>) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page { silent: None, in_title: false, title: String::new(), pre: 0 };
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                let alt = tag.attributes.get(&b"alt"[..]);
                let alt = alt.map(|value| String::from_utf8_lossy(value).into_owned());
                page.begin(&name, alt, tag.self_closing, flow);
            }
            Token::EndTag(tag) => page.end(&String::from_utf8_lossy(&tag.name), flow),
            Token::String(text) => page.text(&String::from_utf8_lossy(&text), flow),
            _ => {}
        }
        if flow.out().is_full() {
            break;
        }
    }
    flow.out().fact("title", page.title);
}

/// Where reading stands in a page.
struct Page {
    /// The silent element that is open, and how many of its name are open within it.
    silent: Option<(String, usize)>,
    in_title: bool,
    title: String,
    pre: usize,
}

impl Page {
    fn begin(&mut self, name: &str, alt: Option<String>, closed: bool, flow: &mut Flow<'_>) {
        if let Some((open, count)) = &mut self.silent {
            *count += usize::from(open == name && !closed);
            return;
        }
        if SILENT.contains(&name) && !closed {
            self.silent = Some((name.to_owned(), 1));
            return;
        }
        match name {
            "title" => self.in_title = true,
            "br" => flow.line(),
            "li" => {
                flow.line();
                flow.text("- ");
            }
            "pre" | "textarea" => {
                self.pre += 1;
                flow.line();
            }
            "table" => flow.begin_table(),
            "tr" => flow.begin_row(),
            "td" | "th" => flow.begin_cell(),
            "img" => {
                if let Some(alt) = alt.filter(|alt| !alt.trim().is_empty()) {
                    flow.words(&alt);
                }
            }
            _ => Self::gap(name, flow),
        }
    }

    fn end(&mut self, name: &str, flow: &mut Flow<'_>) {
        if let Some((open, count)) = &mut self.silent {
            if open == name {
                *count -= 1;
                if *count == 0 {
                    self.silent = None;
                }
            }
            return;
        }
        match name {
            "title" => self.in_title = false,
            "pre" | "textarea" => {
                self.pre = self.pre.saturating_sub(1);
                flow.line();
            }
            "table" => flow.end_table(),
            _ => Self::gap(name, flow),
        }
    }

    /// What begins and ends with a gap (WHATWG HTML, section 15.3.3).
    fn gap(name: &str, flow: &mut Flow<'_>) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "ul" | "ol" | "dl" => {
                flow.blank();
            }
            "div" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside"
            | "dt" | "dd" | "li" | "form" | "fieldset" | "figure" | "figcaption" | "address"
            | "hr" | "caption" | "option" | "body" | "details" | "summary" => flow.line(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, flow: &mut Flow<'_>) {
        if self.silent.is_some() {
        } else if self.in_title {
            let room = 1_000_usize.saturating_sub(self.title.len());
            self.title.extend(text.chars().take(room));
        } else if self.pre > 0 {
            flow.text(text);
        } else {
            flow.words(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> (String, Option<String>) {
        let mut out = Output::new();
        super::read(html.as_bytes(), &mut out);
        let read = out.finish();
        let title = read.metadata.get("title").map(|title| format!("{title:?}"));
        (read.text, title)
    }

    #[test]
    fn text_is_what_people_see() {
        let (text, title) = read(
            "<!doctype html><title>Login &amp; more</title><style>p{}</style><body>\
             <h1>It  is\n broken</h1><p>The <b>print</b>er says <code>E&#49;3</code>.<br>Twice.\
             <script>alert('</p>')</script><ul><li>one<li>two</ul>\
             <table><tr><th>id<th>state<tr><td>1<td><p>a</p><p>b</p><tr><td><td>x</table>\
             <pre>a\n  b</pre><img alt='a photo'>",
        );
        assert_eq!(title.as_deref(), Some("Text(\"Login & more\")"));
        assert_eq!(
            text,
            "It is broken\n\nThe printer says E13.\nTwice.\n\n- one\n- two\n\nid\tstate\n1\ta\n\nb\n\
             \tx\na\n  b\na photo"
        );
    }

    #[test]
    fn broken_html_is_read_as_far_as_it_goes() {
        assert_eq!(read("").0, "");
        assert_eq!(read("<").0, "<");
        assert_eq!(read("<p").0, "");
        assert_eq!(read("a<!-- never closed").0, "a");
        assert_eq!(read("</td></tr></table>a</pre>b").0, "a\nb");
        assert_eq!(read(&"<div><table>".repeat(100_000)).0, "");
    }

    #[test]
    fn the_named_encoding_is_used() {
        let mut out = Output::new();
        super::read(b"<meta charset=windows-1252><p>caf\xE9 \x80", &mut out);
        assert_eq!(out.finish().text, "café €");
    }
}
