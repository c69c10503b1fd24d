//! Masking what a provider need not see: card and account numbers, identity numbers, secrets.
//!
//! It masks what can be told by its form. A password in the middle of a sentence that nothing announces
//! passes; `docs/agents.md` says so.

use std::sync::LazyLock;

use atc_core::chat::{ChatMessage, ToolCall};
use atc_core::json::RawJson;
use regex::{Captures, Regex};

const CARD: &str = "[card number]";
const ACCOUNT: &str = "[account number]";
const IDENTITY: &str = "[identity number]";
const SECRET: &str = "[secret]";

/// A form of secret, and the group of it that is masked.
struct Form {
    pattern: Regex,
    mask: &'static str,
}

/// Whole texts first: a private key holds what looks like other things.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    [
        (r"(?s)()(-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z))()", SECRET),
        // JSON Web Tokens, RFC 7519.
        (r"()(\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)()", SECRET),
        // Keys that tell their issuer by how they begin.
        (
            r"()(\b(?:sk-|sk_live_|sk_test_|rk_live_|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|xox[abeoprs]-|atc_|whsec_|AIza|hf_|npm_|pypi-)[A-Za-z0-9_\-]{12,})()",
            SECRET,
        ),
        (r"()(\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)()", SECRET),
        (r"(?i)(\b(?:bearer|basic)\s+)([A-Za-z0-9+/_.~=\-]{12,})()", SECRET),
        // The password in an address.
        (r"(\b[a-z][a-z0-9+.\-]*://[^\s/:@]*:)([^\s/@]+)(@)", SECRET),
        (
            r#"(?i)(\b(?:password|passwd|passphrase|passcode|pwd|secret|token|api[ _-]?key|access[ _-]?key|secret[ _-]?key|private[ _-]?key|passwort|kennwort|contraseña|mot de passe)["']?\s*(?:[:=]|is:|=>)\s*["']?)([^\s"',;]{3,})()"#,
            SECRET,
        ),
        // Without a colon only what looks like a password is one: "the password is wrong" says something.
        (
            r"(?i)(\b(?:password|passphrase|passcode|pwd|pin|passwort|kennwort|contraseña)\s+(?:is|was|ist|es)\s+)([^\s]*[0-9!@#$%^&*][^\s]*)()",
            SECRET,
        ),
        (r"()(\b\d{3}-\d{2}-\d{4}\b)()", IDENTITY),
        (
            r"(?i)(\b(?:ssn|social security|passport|national id|identity card|id card|tax id|driver'?s licen[cs]e|personalausweis|steuer-?id|dni|nino)\s*(?:number|no\.?|nr\.?|#)?\s*(?:is|:|=)?\s*)([A-Z]{0,3}[\dA-Z -]{0,6}\d[\dA-Z-]{4,18})()",
            IDENTITY,
        ),
    ]
    .into_iter()
    .map(|(pattern, mask)| Form { pattern: constant(pattern), mask })
    .collect()
});
static DIGITS: LazyLock<Regex> = LazyLock::new(|| constant(r"\b\d(?:[ \-]?\d){12,18}\b"));
static IBAN: LazyLock<Regex> =
    LazyLock::new(|| constant(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"));

/// A constant pattern. Every one of them is compiled by a test.
#[expect(clippy::unwrap_used, reason = "constant patterns, which the tests compile")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// The same conversation with what need not be seen masked.
pub(super) fn redacted(messages: Vec<ChatMessage>) -> Vec<ChatMessage> {
    let call = |call: ToolCall| ToolCall { arguments: masked_json(&call.arguments), ..call };
    let one = |message| match message {
        ChatMessage::User(text) => ChatMessage::User(masked(&text)),
        ChatMessage::Model { text, calls } => {
            ChatMessage::Model { text: masked(&text), calls: calls.into_iter().map(call).collect() }
        }
        ChatMessage::ToolResult { call_id, text } => {
            ChatMessage::ToolResult { call_id, text: masked(&text) }
        }
    };
    messages.into_iter().map(one).collect()
}

/// A text with what need not be seen masked.
pub(crate) fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for Form { pattern, mask } in FORMS.iter() {
        let with = |found: &Captures<'_>| format!("{}{mask}{}", &found[1], &found[3]);
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, with).into_owned();
        }
    }
    let account = |found: &Captures<'_>| {
        if is_iban(&found[0]) { ACCOUNT.to_owned() } else { found[0].to_owned() }
    };
    text = IBAN.replace_all(&text, account).into_owned();
    let card = |found: &Captures<'_>| {
        if is_card(&found[0]) { CARD.to_owned() } else { found[0].to_owned() }
    };
    DIGITS.replace_all(&text, card).into_owned()
}

/// Masked inside its strings; a mask has no character that JSON must escape.
pub(crate) fn masked_json(json: &RawJson) -> RawJson {
    let masked = masked(json.as_str());
    // A number that was masked outside of a string would leave no JSON.
    if serde_json::from_str::<serde::de::IgnoredAny>(&masked).is_ok() {
        RawJson::trusted(masked)
    } else {
        RawJson::empty_object()
    }
}

/// The check digit of card numbers (ISO/IEC 7812-1, annex B).
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10) && digits.iter().any(|d| *d != 0)
}

/// The check digits of international account numbers (ISO 13616).
fn is_iban(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let turned = plain[4..].iter().chain(&plain[..4]);
    let rest = turned.fold(0, |rest, c| match c.to_digit(36) {
        Some(value @ 0..=9) => (rest * 10 + value) % 97,
        Some(value) => (rest * 100 + value) % 97,
        None => rest,
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_need_not_be_seen_is_masked() {
        for (text, hidden, shown) in [
            ("My card 4111 1111 1111 1111 was charged", "1111", "was charged"),
            ("Amex 3782-822463-10005.", "822463", "Amex"),
            ("IBAN DE89 3704 0044 0532 0130 00 please", "3704", "please"),
            ("SSN: 123-45-6789", "6789", "SSN"),
            ("passport number C01X00T47", "C01X00T47", "passport"),
            ("password: hunter2 does not work", "hunter2", "does not work"),
            ("my password is Tr0ub4dor&3", "Tr0ub4dor", "my password is"),
            ("api_key=abcdef123456", "abcdef", "api_key"),
            ("{\"token\": \"abc.def\"}", "abc.def", "token"),
            ("Authorization: Bearer abcdefghijklmnop", "abcdefgh", "Authorization"),
            ("postgresql://app:s3cret@db.example/x", "s3cret", "db.example"),
            ("key sk-proj-abcdefghijklmnopqrst", "abcdefgh", "key"),
            ("ghp_0123456789abcdefABCDEF0123456789abcd", "0123456789", ""),
            ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN", ""),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIi", ""),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE", ""),
            ("-----BEGIN PRIVATE KEY-----\nMIIE cut", "MIIE", ""),
        ] {
            let masked = masked(text);
            assert!(!masked.contains(hidden), "{masked}");
            assert!(masked.contains(shown) && masked.contains('['), "{masked}");
        }
    }

    #[test]
    fn what_says_something_stays() {
        for text in [
            "The password is wrong and the token expired",
            "Order 4111111111111112 was not delivered",
            "Call +49 30 1234567 at 10:30, ticket 1234567890",
            "Error 0x80070005 in version 10.0.22631.4317",
            "Invoice INV-20417 of 2026-01-31",
            "DE00 3704 0044 0532 0130 00",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn json_stays_json() {
        let call = |json: &str| masked_json(&RawJson::trusted(json.to_owned())).into_string();
        assert_eq!(call("{\"q\": \"4111111111111111\"}"), "{\"q\": \"[card number]\"}");
        assert_eq!(call("{\"q\": 4111111111111111}"), "{}");
    }

    proptest! {
        #[test]
        fn masking_twice_changes_nothing_and_nothing_panics(text in ".{0,200}") {
            let once = masked(&text);
            prop_assert_eq!(masked(&once), once);
        }
    }
}
