//! Leaving out of a payload what may be a secret. A payload ought to hold none; this is for the day
//! on which one does.

use serde_json::Value;

/// What stands in the place of a secret.
const HIDDEN: &str = "[redacted]";
/// A name that contains one of these, its separators left out, names a secret.
const TELLING: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "authorization",
    "credential",
    "cookie",
    "apikey",
    "privatekey",
];
/// A name that has one of these as a word names a secret. (`keyboard` does not.)
const TELLING_WORDS: [&str; 6] = ["key", "keys", "pwd", "pass", "auth", "bearer"];

/// The payload, with a placeholder for each value that may be a secret. What is no JSON is left out
/// as a whole, because nobody can tell what it holds.
pub fn payload(text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return Value::from("[unreadable]").to_string();
    };
    hide(&mut value);
    value.to_string()
}

/// The parser bounds how deep a value is.
fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if names_a_secret(name) && !member.is_null() {
                    *member = HIDDEN.into();
                } else {
                    hide(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) if is_a_secret(text) => *value = HIDDEN.into(),
        _ => {}
    }
}

fn names_a_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_lowercase();
    TELLING.iter().any(|part| plain.contains(part))
        || words(name).iter().any(|word| TELLING_WORDS.contains(&word.as_str()))
}

/// The words of a name such as `signing_key`, `signing-key` or `signingKey`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_numeric();
    }
    words
}

/// Whether a text shows by itself that it is one: a credential of HTTP, a token of ours, or an address
/// with a password in it.
fn is_a_secret(text: &str) -> bool {
    let head = text.trim_start().as_bytes();
    let begins = |with: &str| {
        head.get(..with.len()).is_some_and(|h| h.eq_ignore_ascii_case(with.as_bytes()))
    };
    if ["bearer ", "basic ", "atc_", "atr_"].into_iter().any(begins) {
        return true;
    }
    let authority = text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next());
    let user = authority.flatten().and_then(|authority| authority.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let given = json!({
            "file_id": 7, "password": "a", "Access-Token": "b", "nested": [{"apiKey": ["c"]}],
            "client_secret": {"deep": "d"}, "authorization": "e", "signingKey": "f", "key": "g",
            "url": "https://user:h@example.com/x", "note": "Bearer i", "cookie": "j",
            "empty_token": null,
        });
        let shown: Value = serde_json::from_str(&payload(&given.to_string())).unwrap();
        let expected = json!({
            "file_id": 7, "password": HIDDEN, "Access-Token": HIDDEN,
            "nested": [{"apiKey": HIDDEN}], "client_secret": HIDDEN, "authorization": HIDDEN,
            "signingKey": HIDDEN, "key": HIDDEN, "url": HIDDEN, "note": HIDDEN, "cookie": HIDDEN,
            "empty_token": null,
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        let given = json!({
            "keyboard": "de", "monkey": 1, "author": "Ann", "passenger": 2, "basics": true,
            "url": "https://example.com/a@b:c", "text": "<script>",
        });
        assert_eq!(serde_json::from_str::<Value>(&payload(&given.to_string())).unwrap(), given);
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        assert_eq!(payload("{\"password\": \"hunter2\""), "\"[unreadable]\"");
        let deep = format!("{}\"hunter2\"{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(payload(&deep), "\"[unreadable]\"");
    }
}
