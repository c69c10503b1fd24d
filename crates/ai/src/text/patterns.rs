//! Patterns that are constants of the program.

use regex::Regex;

/// A constant pattern, without regard to case. Every one of them is compiled by a test.
#[expect(clippy::unwrap_used, reason = "constant patterns, which the tests compile")]
pub(super) fn constant(pattern: &str) -> Regex {
    Regex::new(&format!("(?i){pattern}")).unwrap()
}
