//! Names of servers and of their tools.

use std::fmt;

/// The most characters of a name that a model may call (OpenAI and Anthropic agree on it).
const MOST_OFFERED: usize = 64;
/// What stands between the name of the server and that of the tool. None of our own tools has it.
const BETWEEN: &str = "__";

/// The name of a server: 1 to 24 lower-case letters and digits, with single hyphens between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(String);

/// The text is no name of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Must be 1 to 24 lower-case letters and digits, with single hyphens between them.")]
pub struct ServerNameError;

impl ServerName {
    /// Takes the text if it is a name.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: impl Into<String>) -> Result<Self, ServerNameError> {
        let text = text.into();
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let words = text.split('-').all(|word| !word.is_empty() && word.bytes().all(legal));
        if words && text.len() <= 24 { Ok(Self(text)) } else { Err(ServerNameError) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name that a server gives a tool: 1 to 128 visible characters of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName(String);

/// The text is no name of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Must be 1 to 128 visible characters of ASCII.")]
pub struct ToolNameError;

impl ToolName {
    /// Takes the text if it is a name.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: impl Into<String>) -> Result<Self, ToolNameError> {
        let text = text.into();
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(ToolNameError) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name by which a model calls a tool: that of the server first, so that no tool of others looks like
/// one of ours. One that has to be changed to be legal ends in a mark of its own.
#[must_use]
pub fn offered_name(server: &ServerName, tool: &ToolName) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let plain = format!("{server}{BETWEEN}{tool}");
    if plain.len() <= MOST_OFFERED && plain.chars().all(legal) {
        return plain;
    }
    let changed = plain.chars().map(|c| if legal(c) { c } else { '_' });
    let kept: String = changed.take(MOST_OFFERED - 9).collect();
    format!("{kept}_{:08x}", mark(tool.as_str()))
}

/// FNV-1a (draft-eastlake-fnv), 32 bits: tells names apart, guards nothing.
fn mark(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_server_is_words_of_letters_and_digits() {
        for good in ["a", "crm", "crm-2", "a-b-c", &"x".repeat(24)] {
            ServerName::parse(good).unwrap();
        }
        for bad in ["", "-", "a-", "-a", "a--b", "a_b", "A", "ä", &"x".repeat(25)] {
            assert_eq!(ServerName::parse(bad), Err(ServerNameError), "{bad}");
        }
    }

    #[test]
    fn no_tool_is_offered_under_a_name_of_ours_or_of_another() {
        let server = ServerName::parse("crm").unwrap();
        let offered = |tool: &str| offered_name(&server, &ToolName::parse(tool).unwrap());
        assert_eq!(offered("create_ticket"), "crm__create_ticket");
        let (dotted, slashed, long) = (offered("a.b"), offered("a/b"), offered(&"x".repeat(128)));
        assert!(dotted.starts_with("crm__a_b_") && slashed.starts_with("crm__a_b_"), "{dotted}");
        assert_ne!(dotted, slashed);
        for name in [dotted, slashed, long] {
            assert!(name.len() <= 64, "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        }
    }
}
