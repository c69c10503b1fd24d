//! The keys of the log.

use atc_platform::telemetry::LogFormat;

use super::{
    fault::{Noted, Reader},
    parse,
};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The log.
#[derive(Debug, Clone)]
pub struct Logs {
    /// A level, or a filter with levels for single parts.
    pub level: String,
    /// How lines are written.
    pub format: LogFormat,
}

impl Logs {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let level = r.required("LOG_LEVEL", "info,atc_api=debug", level);
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let format = r.required("LOG_FORMAT", "json", parse::word(formats));
        Ok(Self { level: level?, format: format? })
    }
}

/// Stricter than what reads it later, which takes any word for the name of a part.
fn level(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    let is_level = |word: &str| LEVELS.contains(&word);
    let is_part = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b))
    };
    let legal = lower.split(',').all(|directive| match directive.trim().split_once('=') {
        Some((part, level)) => is_part(part) && is_level(level),
        None => is_level(directive.trim()),
    });
    if legal { Ok(lower) } else { Err("is not a log level".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_parts() {
        for good in ["info", "WARN", "info,atc_api=debug", "off, atc_store::db=trace"] {
            assert!(level(good).is_ok(), "{good}");
        }
        for bad in ["loud", "info,", "atc_api=", "=info", "atc-api=info", "[span]=info"] {
            assert!(level(bad).is_err(), "{bad}");
        }
    }
}
