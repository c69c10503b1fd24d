//! Mails (RFC 5322 and MIME): the fields that people look at, the body, the attachments as a list.

use std::{collections::BTreeMap, fmt::Write};

use atc_core::file::{Fact, FileName};
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{flow::Flow, html, limits::damaged, output::Output};
use crate::ReadError;

/// Attachments that are listed.
const ATTACHMENTS: usize = 200;

/// Mails within mails whose bodies are read.
const LEVELS: u32 = 4;

/// Reads a mail.
pub(super) fn read(bytes: &[u8], out: &mut Output) -> Result<(), ReadError> {
    // A mailbox begins each mail with a line of its own.
    let bytes = match bytes.strip_prefix(b"From ") {
        Some(rest) => rest.iter().position(|b| *b == b'\n').map_or(rest, |at| &rest[at + 1..]),
        None => bytes,
    };
    let mail = MessageParser::default().parse(bytes).ok_or_else(|| damaged("a mail"))?;
    facts(&mail, out);
    write(&mail, LEVELS, out);
    let attachments: Vec<Fact> = mail.attachments().take(ATTACHMENTS).map(fact_of).collect();
    if !attachments.is_empty() {
        out.fact("attachments", Fact::List(attachments));
    }
    Ok(())
}

fn facts(mail: &Message<'_>, out: &mut Output) {
    out.fact("title", mail.subject().unwrap_or_default());
    out.fact("author", people(mail.from()));
    out.fact("to", people(mail.to()));
    out.fact("message_id", mail.message_id().unwrap_or_default());
    if let Some(date) = mail.date() {
        out.fact("created", date.to_rfc3339());
    }
}

/// Fields, body, attachments.
fn write(mail: &Message<'_>, levels: u32, out: &mut Output) {
    let fields = [
        ("From", people(mail.from())),
        ("To", people(mail.to())),
        ("Cc", people(mail.cc())),
        ("Date", mail.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default()),
        ("Subject", mail.subject().unwrap_or_default().to_owned()),
    ];
    for (name, value) in fields {
        if !value.is_empty() {
            out.push(&format!("{name}: {}\n", value.replace('\n', " ")));
        }
    }
    out.push("\n");
    body(mail, out);
    let mut listed = mail.attachments().take(ATTACHMENTS).peekable();
    if listed.peek().is_some() {
        out.push("\n\nAttachments:\n");
    }
    for part in listed {
        let (name, kind, size) = described(part);
        out.push(&format!("- {name} ({kind}, {size} bytes)\n"));
        if let (PartType::Message(inner), true) = (&part.body, levels > 0) {
            out.push("\n");
            write(inner, levels - 1, out);
        }
    }
}

/// The plain text where there is some, else the text of the page.
fn body(mail: &Message<'_>, out: &mut Output) {
    for part in &mail.text_body {
        match mail.part(*part).map(|part| &part.body) {
            Some(PartType::Text(text)) => {
                out.push(text.replace("\r\n", "\n").trim_end());
                out.push("\n");
            }
            Some(PartType::Html(page)) => {
                // What a page calls its title is not that of the mail.
                let mut alone = Output::new();
                html::write(page, &mut Flow::of_layout(&mut alone));
                out.push(&alone.finish().text);
                out.push("\n");
            }
            _ => {}
        }
        if out.is_full() {
            return;
        }
    }
}

/// `Ada Lovelace <ada@example.org>, …`
fn people(address: Option<&Address<'_>>) -> String {
    let mut all = String::new();
    for person in address.into_iter().flat_map(Address::iter).take(50) {
        let separator = if all.is_empty() { "" } else { ", " };
        let address = person.address.as_deref().unwrap_or_default();
        let _ = match person.name.as_deref() {
            Some(name) => write!(all, "{separator}{name} <{address}>"),
            None => write!(all, "{separator}{address}"),
        };
    }
    all
}

/// Name, type and size in bytes of an attachment.
fn described(part: &MessagePart<'_>) -> (String, String, usize) {
    let kind = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()).to_lowercase(),
        None => kind.ctype().to_lowercase(),
    });
    let name = match (&part.body, part.attachment_name()) {
        (_, Some(name)) => FileName::label(name).to_string(),
        (PartType::Message(mail), None) => mail.subject().unwrap_or("mail").to_owned(),
        _ => "without a name".to_owned(),
    };
    let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
    (name, kind, part.len())
}

fn fact_of(part: &MessagePart<'_>) -> Fact {
    let (name, kind, size) = described(part);
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    Fact::Facts(BTreeMap::from([
        ("filename".to_owned(), Fact::Text(name)),
        ("content_type".to_owned(), Fact::Text(kind)),
        ("size".to_owned(), Fact::Whole(size)),
    ]))
}
