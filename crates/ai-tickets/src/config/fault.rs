//! What is wrong with the configuration, all of it at once.

use std::fmt;

use super::{Source, source::Origin};

/// The most characters of a wrong value that are shown.
const SHOWN_CHARS: usize = 60;

/// Keys whose value is never shown.
const SECRETS: [&str; 9] = [
    "JWT_SECRET_KEY",
    "ENCRYPTION_KEY",
    "OTHER_ENCRYPTION_KEYS",
    "MCP_TOKEN",
    "ADMIN_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
];

/// Keys whose value may hold a password, as addresses do.
const ADDRESSES: [&str; 9] = [
    "DATABASE_URL",
    "DATABASE_REPLICA_URL",
    "REDIS_URL",
    "STORAGE_URL",
    "STORAGE_PUBLIC_URL",
    "AWS_ENDPOINT_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OPENAI_BASE_URL",
    "ANTHROPIC_BASE_URL",
];

/// Whether nothing of a key's value may be shown.
pub fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key)
}

/// Whether a key's value may hold a password among other things.
pub fn is_address(key: &str) -> bool {
    ADDRESSES.contains(&key)
}

/// One fault: which key, what is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The variable.
    pub key: &'static str,
    /// What stands there, where it may be shown.
    pub value: Option<String>,
    /// What is wrong, as the rest of a sentence.
    pub wrong: String,
    /// A legal value.
    pub example: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Some(value) = &self.value {
            write!(f, " is {value:?}, which")?;
        }
        write!(f, " {}; for example {}={}", self.wrong, self.key, self.example)
    }
}

/// There is a fault, and it has been noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted;

/// Every fault of the configuration.
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let faults = if count == 1 { "fault" } else { "faults" };
        write!(f, "the configuration has {count} {faults}:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for Faults {}

/// Reads keys and notes what is wrong with them.
pub struct Reader<'a> {
    source: &'a Source,
    faults: Vec<Fault>,
    /// Which keys were read, so that a test can hold the manual against them.
    #[cfg(test)]
    pub asked: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// Nothing is noted yet.
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            faults: Vec::new(),
            #[cfg(test)]
            asked: Vec::new(),
        }
    }

    /// A key that has a default or must be set.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        example: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Noted> {
        let value = self.optional(key, example, parse)?;
        value.ok_or_else(|| {
            self.note(key, None, "is not set", example);
            Noted
        })
    }

    /// A key that may be unset.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        example: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Noted> {
        #[cfg(test)]
        self.asked.push(key);
        let Some((text, _)) = self.source.get(key) else { return Ok(None) };
        match parse(text) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => {
                let hidden = is_secret(key) || is_address(key);
                let shown = (!hidden).then(|| text.chars().take(SHOWN_CHARS).collect());
                self.note(key, shown, fault, example);
                Err(Noted)
            }
        }
    }

    /// Whether somebody set this key, rather than the manual.
    pub fn is_chosen(&self, key: &str) -> bool {
        self.source.get(key).is_some_and(|(_, origin)| origin != Origin::Default)
    }

    /// Notes a fault.
    pub fn note(
        &mut self,
        key: &'static str,
        value: Option<String>,
        wrong: impl Into<String>,
        example: &'static str,
    ) {
        self.faults.push(Fault { key, value, wrong: wrong.into(), example });
    }

    /// The value, or everything that was noted.
    pub fn finish<T>(self, value: Result<T, Noted>) -> Result<T, Faults> {
        match value {
            Ok(value) if self.faults.is_empty() => Ok(value),
            _ => Err(Faults(self.faults)),
        }
    }
}

/// What `config check` shows of a value.
pub fn shown(key: &str, value: &str, origin: Origin) -> String {
    if is_secret(key) || (is_address(key) && origin == Origin::Default) {
        return if value.is_empty() { "unset" } else { "set" }.to_owned();
    }
    if is_address(key) {
        return without_credentials(value);
    }
    if value.is_empty() { "unset".to_owned() } else { value.to_owned() }
}

/// An address without its user, password and options, of which each may be a secret.
fn without_credentials(address: &str) -> String {
    match url::Url::parse(address) {
        Ok(url) if url.has_host() => {
            let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
            let host = url.host_str().unwrap_or_default();
            let hidden =
                if url.username().is_empty() && url.password().is_none() { "" } else { "***@" };
            format!("{}://{hidden}{host}{port}{}", url.scheme(), url.path())
        }
        Ok(url) if url.scheme() == "sqlite" => format!("sqlite://{}", url.path()),
        _ => "set".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_what_may_be_a_secret() {
        let show = |address| shown("DATABASE_URL", address, Origin::Environment);
        assert_eq!(
            show("postgresql://u:p@db.example:5433/x?password=q"),
            "postgresql://***@db.example:5433/x"
        );
        assert_eq!(show("sqlite:///var/x.db"), "sqlite:///var/x.db");
        assert_eq!(shown("JWT_SECRET_KEY", "abc", Origin::Environment), "set");
        assert_eq!(shown("JWT_SECRET_KEY", "", Origin::Default), "unset");
    }
}
