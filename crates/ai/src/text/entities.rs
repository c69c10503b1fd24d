//! Things that a text names: numbers of orders and invoices, codes, versions, addresses.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::constant;

/// The most things of a kind, and the most characters of one.
const MAX_OF_KIND: usize = 10;
const MAX_CHARS: usize = 200;
/// The most characters of a text that are searched.
const MAX_TEXT_CHARS: usize = 20_000;
/// The most tags, and the most characters of one.
const MAX_TAGS: usize = 5;
const MAX_TAG_CHARS: usize = 40;

/// A kind of thing, and how it looks: the first group is taken, or else all of it.
type Kind = (&'static str, Regex);

static KINDS: LazyLock<[Kind; 9]> = LazyLock::new(|| {
    [
        ("urls", constant(r#"\bhttps?://[^\s<>"'\])]+[^\s<>"'\]).,;:!?]"#)),
        ("emails", constant(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
        ("ip_addresses", constant(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")),
        (
            "invoice_numbers",
            constant(
                r"\b((?:inv|invoice|rechnung|re)[-_#]\d[\w-]*|inv\d{3,})\b|\binvoice (?:number |no\.? ?|nr\.? ?|#)?(\d{3,}[\w-]*)\b",
            ),
        ),
        (
            "order_numbers",
            constant(
                r"\b((?:ord|order|po|so)[-_#]\d[\w-]*)\b|\border (?:number |no\.? ?|nr\.? ?|#)?(\d{3,}[\w-]*)\b",
            ),
        ),
        (
            "error_codes",
            constant(
                r"\b(0x[0-9a-f]{4,16}|(?:err|error|e|ora|sql|dns|net|win|hr|ts|cs)[-_]\w*\d\w*|err_[a-z_]{3,60}|http(?: status| error)? ?[45]\d\d|(?:error|status|code) (?:code )?#?\d{2,6}|sqlstate ?\w{5}|e(?:acces|noent|connrefused|timedout|perm)[a-z]*)\b",
            ),
        ),
        // Of ASCII letters, as nearly all such names are: sixty times every letter of the world takes three megabytes.
        (
            "exceptions",
            constant(r"\b((?:[a-z_][a-z0-9_]*\.)*[a-z][a-z0-9_]{2,60}(?:Exception|Error))\b"),
        ),
        (
            "versions",
            constant(
                r"\b(?:v(\d+(?:\.\d+){1,3}(?:-[\w.]+)?)|version (\d+(?:\.\d+){0,3}(?:-[\w.]+)?)|(\d+\.\d+\.\d+(?:-[\w.]+)?))\b",
            ),
        ),
        (
            "ticket_references",
            constant(r"\b([A-Z]{2,10}-\d{1,7})\b|(?:ticket|case|incident) #?(\d{1,9})\b"),
        ),
    ]
});

/// The kinds that make good tags: what people search for and which is nobody's address.
const TAGGED: [&str; 4] = ["invoice_numbers", "order_numbers", "error_codes", "exceptions"];

/// What a text names, by kind; kinds without any are left out.
pub(crate) fn entities(text: &str) -> Vec<(&'static str, Vec<String>)> {
    let end = text.char_indices().nth(MAX_TEXT_CHARS).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    let mut kinds = Vec::new();
    for (kind, pattern) in KINDS.iter() {
        let mut found: Vec<String> = Vec::new();
        for captures in pattern.captures_iter(text) {
            let all = captures.get(0);
            let Some(part) = captures.iter().skip(1).flatten().next().or(all) else { continue };
            // What is a part of something that was taken already, such as a number in an address.
            if taken.iter().any(|t| t.start < part.end() && part.start() < t.end) {
                continue;
            }
            if *kind == "exceptions" && !part.as_str().chars().skip(1).any(char::is_uppercase) {
                continue;
            }
            taken.push(part.range());
            let value = part.as_str().to_owned();
            let known = found.iter().any(|f| f.eq_ignore_ascii_case(&value));
            if !known && value.chars().count() <= MAX_CHARS && found.len() < MAX_OF_KIND {
                found.push(value);
            }
        }
        if !found.is_empty() {
            kinds.push((*kind, found));
        }
    }
    kinds
}

/// The entities that are worth a tag.
pub(crate) fn tags(entities: &[(&'static str, Vec<String>)]) -> Vec<String> {
    let worth = entities.iter().filter(|(kind, _)| TAGGED.contains(kind));
    worth
        .flat_map(|(_, values)| values)
        .filter(|value| value.chars().count() <= MAX_TAG_CHARS)
        .take(MAX_TAGS)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, kind: &str) -> Vec<String> {
        entities(text).into_iter().find(|(k, _)| *k == kind).map(|(_, v)| v).unwrap_or_default()
    }

    #[test]
    fn things_are_found_by_their_looks() {
        let cases: [(&str, &str, &[&str]); 14] = [
            ("Charged for INV-20417 and inv-20417", "invoice_numbers", &["INV-20417"]),
            ("invoice number 12345 is wrong", "invoice_numbers", &["12345"]),
            ("my order #98765-A", "order_numbers", &["98765-A"]),
            ("it says E-202.", "error_codes", &["E-202"]),
            ("fails with 0x80070005", "error_codes", &["0x80070005"]),
            ("we get HTTP 502 errors", "error_codes", &["HTTP 502"]),
            ("net::ERR_CONNECTION_REFUSED", "error_codes", &["ERR_CONNECTION_REFUSED"]),
            ("ORA-00942: table", "error_codes", &["ORA-00942"]),
            (
                "a java.lang.NullPointerException here",
                "exceptions",
                &["java.lang.NullPointerException"],
            ),
            ("since v2.3.1 it", "versions", &["2.3.1"]),
            ("see https://example.com/a?b=1.", "urls", &["https://example.com/a?b=1"]),
            ("write to a.b@example.com,", "emails", &["a.b@example.com"]),
            ("host 10.0.0.7 is", "ip_addresses", &["10.0.0.7"]),
            ("an error occurred", "error_codes", &[]),
        ];
        for (text, kind, expected) in cases {
            assert_eq!(of(text, kind), expected, "{text}");
        }
        assert!(of("an Error and an Exception", "exceptions").is_empty());
    }

    #[test]
    fn tags_are_codes_and_never_addresses() {
        let found = entities("INV-1 for a@b.com at 10.0.0.1: E-202, see https://x.example/ORD-7");
        assert_eq!(tags(&found), ["INV-1", "E-202"]);
    }

    proptest! {
        #[test]
        fn lists_are_bounded(text in any::<String>()) {
            let found = entities(&text);
            prop_assert!(found.iter().all(|(_, v)| v.len() <= MAX_OF_KIND));
            prop_assert!(tags(&found).len() <= MAX_TAGS);
        }
    }
}
