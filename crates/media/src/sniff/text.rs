//! Text or not, and which kind of text.

/// The type of bytes that are text.
pub(super) fn of(bytes: &[u8], extension: &str) -> Option<&'static str> {
    if bytes.is_empty() {
        return None;
    }
    if is_utf16(bytes) {
        // What can be said of eight-bit text by its beginning is not looked for in sixteen bits.
        return Some(by_extension(extension));
    }
    (disturbing(bytes) == 0).then(|| by_beginning(bytes, extension))
}

/// The type of bytes that are text but for a few: logs with holes of zeros, notes in a broken
/// encoding. Only a file that calls itself text is taken for that.
pub(super) fn marred(bytes: &[u8], extension: &str) -> Option<&'static str> {
    let calls_itself_text =
        matches!(extension, "txt" | "log" | "csv" | "tsv" | "md" | "json" | "xml" | "eml");
    let few = !bytes.is_empty() && disturbing(bytes) * 10 <= bytes.len();
    (calls_itself_text && few).then(|| by_beginning(bytes, extension))
}

/// How many bytes no text has: controls but tab, line feed, form feed, carriage return and escape.
/// (WHATWG MIME Sniffing, section 3, binary data byte; backspace is left to terminals' logs.)
fn disturbing(bytes: &[u8]) -> usize {
    let legal = |b: u8| b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x08 | 0x0C | 0x1B);
    bytes.iter().filter(|b| !legal(**b) || **b == 0x7F).count()
}

/// With a mark of the byte order, or with zeros on one side of nearly every pair.
fn is_utf16(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let pairs = bytes.len() / 2;
    if pairs < 2 {
        return marked && pairs > 0;
    }
    // The mark alone is two bytes; what follows must have the pairs of text as well.
    let unit = |at: &[u8]| {
        if bytes[0] == 0xFE || (bytes[0] == 0 && bytes[1] != 0) {
            u16::from_be_bytes([at[0], at[1]])
        } else {
            u16::from_le_bytes([at[0], at[1]])
        }
    };
    let plain = |u: u16| (0x20..0x7F).contains(&u) || matches!(u, 9 | 10 | 13);
    let units = bytes.chunks_exact(2).map(unit);
    if marked {
        let strange = units.filter(|u| *u < 0x20 && !plain(*u)).count();
        return strange * 100 <= pairs;
    }
    units.filter(|u| plain(*u)).count() * 10 >= pairs * 9
}

fn by_beginning(bytes: &[u8], extension: &str) -> &'static str {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if begins_with_tag(text, b"?xml") {
        return if contains(text, b"<svg") {
            "image/svg+xml"
        } else if contains(text, b"<html") {
            "text/html"
        } else {
            "application/xml"
        };
    }
    if begins_with_tag(text, b"svg") {
        return "image/svg+xml";
    }
    if is_html(text, extension) {
        return "text/html";
    }
    if is_mail(text, extension) {
        return "message/rfc822";
    }
    by_extension(extension)
}

/// Where any text would do, the name decides.
fn by_extension(extension: &str) -> &'static str {
    match extension {
        "csv" => "text/csv",
        "tsv" | "tab" => "text/tab-separated-values",
        "md" | "markdown" => "text/markdown",
        "json" | "jsonl" | "ndjson" | "har" => "application/json",
        _ => "text/plain",
    }
}

/// WHATWG MIME Sniffing, section 7.1, and the name where any tag stands at the beginning.
fn is_html(text: &[u8], extension: &str) -> bool {
    const TAGS: [&[u8]; 17] = [
        b"!doctype html",
        b"html",
        b"head",
        b"script",
        b"iframe",
        b"h1",
        b"div",
        b"font",
        b"table",
        b"a",
        b"style",
        b"title",
        b"b",
        b"body",
        b"br",
        b"p",
        b"!--",
    ];
    let called = matches!(extension, "html" | "htm" | "xhtml");
    TAGS.into_iter().any(|tag| begins_with_tag(text, tag)) || (called && text.contains(&b'<'))
}

fn begins_with_tag(text: &[u8], tag: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"<") else { return false };
    let named = rest.get(..tag.len()).is_some_and(|name| name.eq_ignore_ascii_case(tag));
    // A comment needs no end of its name.
    named
        && (tag == b"!--"
            || matches!(rest.get(tag.len()), Some(b' ' | b'>' | b'\t' | b'\n' | b'\r' | b'/')))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|at| at.eq_ignore_ascii_case(word))
}

/// RFC 5322: lines of fields, until the first empty one.
fn is_mail(text: &[u8], extension: &str) -> bool {
    /// Every mail has some of these; other texts with fields (HTTP, notes) do not have the first five.
    const TELLING: [&str; 5] =
        ["received", "return-path", "message-id", "mime-version", "delivered-to"];
    const USUAL: [&str; 7] = ["from", "to", "subject", "date", "cc", "content-type", "reply-to"];
    let (mut telling, mut usual) = (0, 0);
    // A mailbox begins each mail with a line `From `.
    let mut lines =
        text.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    if text.starts_with(b"From ") {
        lines.next();
    }
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            // The last line may be cut.
            break;
        };
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        if name.is_empty() || name.bytes().any(|b| !(0x21..0x7F).contains(&b)) {
            return false;
        }
        telling += usize::from(TELLING.contains(&name.as_str()));
        usual += usize::from(USUAL.contains(&name.as_str()));
    }
    match extension {
        "eml" => telling + usual >= 1,
        _ => usual >= 3 || (telling >= 1 && telling + usual >= 3),
    }
}
