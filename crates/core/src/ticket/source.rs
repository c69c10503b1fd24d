//! Which door a ticket came through.

use serde::{Deserialize, Serialize};

/// Which door a ticket came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A plain API call.
    #[default]
    Api,
    /// Plain words, made into a ticket.
    Ai,
    /// The browser extension.
    Extension,
    /// An agent that speaks MCP.
    Mcp,
    /// Another system.
    Integration,
}

impl Source {
    /// All sources.
    pub const ALL: [Source; 5] =
        [Source::Api, Source::Ai, Source::Extension, Source::Mcp, Source::Integration];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Ai => "ai",
            Self::Extension => "extension",
            Self::Mcp => "mcp",
            Self::Integration => "integration",
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Source {
    type Err = UnknownSource;
    fn from_str(s: &str) -> Result<Self, UnknownSource> {
        Self::ALL.into_iter().find(|source| source.as_str() == s).ok_or(UnknownSource)
    }
}

/// The text names no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The source is one of api, ai, extension, mcp, integration.")]
pub struct UnknownSource;
