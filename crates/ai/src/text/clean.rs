//! What a person wrote, without what surrounds it: greetings, signatures, quoted mail, stack traces,
//! markup.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::constant;

/// A line of so many bytes may have been broken.
const BROKEN_AFTER: usize = 55;
/// How many lines at the end a farewell may begin a signature in.
const SIGNATURE_LINES: usize = 10;

static FENCE: LazyLock<Regex> = LazyLock::new(|| constant(r"(?s)```.*?(```|$)"));
static TAG: LazyLock<Regex> = LazyLock::new(|| constant(r"</?[a-z][^<>\n]{0,200}>"));
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^\s*(hi|hello|hey|dear|good (morning|afternoon|evening|day)|greetings)(\s+(all|there|team|[\w.'’-]+)){0,3}\s*([,!:–-]+\s*|$)",
    )
});
static QUOTE_BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^\s*(-{2,}\s*(original|forwarded) message|on .{4,120} wrote:\s*$|_{8,}\s*$|begin forwarded message)",
    )
});
static MAIL_HEADER: LazyLock<Regex> =
    LazyLock::new(|| constant(r"^\s*\*?(from|sent|to|cc|subject|date):\*?\s"));
static FAREWELL: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^\s*(thanks?( you)?|many thanks|thx|cheers|(best|kind|warm)?\s*regards|best( wishes)?|sincerely|yours (truly|sincerely|faithfully)|br|sent from my)\b[^.?]{0,50}[.!,]?\s*$",
    )
});
static FAREWELL_AT_END: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"([.!?])\s*(many thanks|thanks( a lot| in advance| so much)?|thank you( very much| in advance)?|thx|cheers|(best |kind )?regards)\s*[,!.]?(\s*[\w.'’-]+){0,3}\s*[.!]?\s*$",
    )
});
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r#"^\s*(at\s+[\w.$<>/]+\(|file ".*", line \d+|\.{3} \d+ more|traceback \(most recent|#\d+\s+0x|[0-9a-f]{4,}:?(\s[0-9a-f]{2}){6,})"#,
    )
});

/// The text without its surroundings. What would be left empty is left as it is.
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let without_code = FENCE.replace_all(&text, "\n");
    let plain = TAG.replace_all(&without_code, " ");
    let mut lines: Vec<&str> = own_lines(&plain);
    drop_signature(&mut lines);
    drop_greeting(&mut lines);
    let mut joined = lines.join("\n");
    if let Some(farewell) = FAREWELL_AT_END.captures(&joined) {
        let end = farewell.get(1).map_or(joined.len(), |stop| stop.end());
        joined.truncate(end);
    }
    let cleaned = tidy(&joined);
    if cleaned.is_empty() { tidy(&text) } else { cleaned }
}

/// The lines before any quoted mail, without stack frames.
fn own_lines(text: &str) -> Vec<&str> {
    let all: Vec<&str> = text.lines().collect();
    let mut own = Vec::new();
    for (i, line) in all.iter().enumerate() {
        let headers = || all[i..].iter().take(4).filter(|l| MAIL_HEADER.is_match(l)).count();
        let begins = QUOTE_BEGINS.is_match(line) || (MAIL_HEADER.is_match(line) && headers() >= 3);
        if begins && own.iter().any(|l: &&str| !l.trim().is_empty()) {
            break;
        }
        if *line == "-- " || line.trim_end() == "--" {
            break;
        }
        if !line.trim_start().starts_with('>') && !begins && !FRAME.is_match(line) {
            own.push(*line);
        }
    }
    own
}

/// Cuts at the first farewell among the last lines, if anything is left before it.
fn drop_signature(lines: &mut Vec<&str>) {
    let from = lines.len().saturating_sub(SIGNATURE_LINES);
    let farewell = (from..lines.len()).find(|i| FAREWELL.is_match(lines[*i]));
    if let Some(at) = farewell
        && lines[..at].iter().any(|l| l.split_whitespace().count() > 2)
    {
        lines.truncate(at);
    }
}

fn drop_greeting(lines: &mut [&str]) {
    if let Some(first) = lines.iter_mut().find(|l| !l.trim().is_empty())
        && let Some(greeting) = GREETING.find(first)
    {
        *first = &first[greeting.end()..];
    }
}

/// Whether a line goes on in the next one, because the mail program broke it there.
fn continues(text: &str, next: &str) -> bool {
    let last = text.rsplit('\n').next().unwrap_or(text);
    let open = last.ends_with(|c: char| c.is_alphanumeric() || c == ',');
    open && last.len() >= BROKEN_AFTER && next.starts_with(char::is_lowercase)
}

/// One blank between words, at most one empty line between paragraphs; lines that were broken are whole
/// again.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_none() {
            empty += 1;
            continue;
        }
        if !tidied.is_empty() {
            let wrapped = words.peek().is_some_and(|w| continues(&tidied, w));
            tidied.push_str(match (empty, wrapped) {
                (0, true) => " ",
                (0, false) => "\n",
                _ => "\n\n",
            });
        }
        empty = 0;
        for (i, word) in words.enumerate() {
            if i > 0 {
                tidied.push(' ');
            }
            tidied.push_str(word);
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn surroundings_go_and_content_stays() {
        let cases = [
            ("Hi team,\n\nthe printer is broken.\n\nThanks,\nBob", "the printer is broken."),
            ("Hello, I cannot log in. Thanks, Bob", "I cannot log in."),
            (
                "Dear Support\nMy invoice is wrong\nBest regards\nBob Example\n+49 1",
                "My invoice is wrong",
            ),
            ("It fails.\n\nOn Mon, Jan 1, 2026 at 9:00, A wrote:\n> old text\n> more", "It fails."),
            ("See below\n-----Original Message-----\nFrom: x\nold", "See below"),
            (
                "Please handle this\nFrom: a@b.c\nSent: Monday\nTo: d@e.f\nSubject: x\nold",
                "Please handle this",
            ),
            (
                "It crashes:\njava.lang.NullPointerException: x\n  at a.b.C(D.java:1)\n  ... 5 more\nsince today",
                "It crashes:\njava.lang.NullPointerException: x\nsince today",
            ),
            ("<p>It is <b>slow</b></p>", "It is slow"),
            ("Run\n```\nsecret code\n```\nand it fails", "Run\n\nand it fails"),
            ("Works\n-- \nBob", "Works"),
            (
                "Since the last update the export of our monthly report does not\nwork any more.\nIt fails.",
                "Since the last update the export of our monthly report does not work any more.\nIt fails.",
            ),
            ("Thanks!", "Thanks!"),
            ("Hi", "Hi"),
            ("a < b and c > d", "a < b and c > d"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_invented_and_content_never_vanishes(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert_eq!(cleaned.is_empty(), text.trim().is_empty());
            prop_assert!(cleaned.len() <= text.len() * 2 + 2);
        }
    }

    #[test]
    fn strange_texts_are_no_trouble() {
        for text in [
            "🔥".repeat(50_000),
            "a".repeat(50_000),
            "hi ".repeat(16_000),
            "<".repeat(50_000),
            "> \n".repeat(16_000),
        ] {
            assert!(!clean(&text).is_empty());
        }
    }
}
