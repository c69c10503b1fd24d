//! Servers of others whose tools agents may use (Model Context Protocol).
//!
//! What such a server says of its tools is a stranger's text. Nothing is offered to an agent before an
//! administrator allowed it, and what is offered is what the administrator saw.

mod name;
mod secret;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use name::{ServerName, ServerNameError, ToolName, ToolNameError, offered_name};
pub use secret::{CustomHeader, CustomHeaderError, ServerSecrets};

use crate::{agent::ApiKey, id::ToolServerId, json::RawJson, patch::Patch, webhook::EndpointUrl};

/// The most servers: each costs agents a part of their attention.
pub const MOST_SERVERS: usize = 20;
/// The most tools of one server that are looked at.
pub const MOST_TOOLS: usize = 64;
/// The most bytes of what is passed to a tool.
pub const MOST_ARGUMENT_BYTES: usize = 16 * 1024;
/// How long a server may take to answer the greeting, and what may be chosen instead.
pub const CONNECT_TIMEOUT: Bounds = Bounds { least: 100, usual: 2_000, most: 10_000 };
/// How long one call may take as a whole, and what may be chosen instead.
pub const CALL_TIMEOUT: Bounds = Bounds { least: 500, usual: 10_000, most: 60_000 };

/// Milliseconds that an administrator may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// No less than that.
    pub least: u32,
    /// Where nothing was chosen.
    pub usual: u32,
    /// No more than that.
    pub most: u32,
}

impl Bounds {
    /// Takes the milliseconds if they are within the bounds.
    ///
    /// # Errors
    /// Says the bounds.
    pub fn parse(self, ms: u32) -> Result<Duration, String> {
        if (self.least..=self.most).contains(&ms) {
            return Ok(Duration::from_millis(ms.into()));
        }
        Err(format!("Must be between {} and {} milliseconds.", self.least, self.most))
    }

    /// What holds where nothing was chosen.
    #[must_use]
    pub fn or_usual(self) -> Duration {
        Duration::from_millis(self.usual.into())
    }
}

/// A server of others, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolServer {
    /// Its identity.
    pub id: ToolServerId,
    /// What its tools begin with when they are offered.
    pub name: ServerName,
    /// Where it serves.
    pub url: EndpointUrl,
    /// Whether a token is sent along.
    pub has_token: bool,
    /// The names of further headers that are sent along.
    pub header_names: Vec<String>,
    /// Whether its tools are offered at all.
    pub enabled: bool,
    /// How long it may take to answer the greeting.
    pub connect_timeout: Duration,
    /// How long one call may take as a whole.
    pub call_timeout: Duration,
    /// When its tools were listed last.
    pub checked_at: Option<DateTime<Utc>>,
    /// Why that failed the last time; `None` where it did not.
    pub last_error: Option<String>,
    /// What was left out of its list, in a sentence.
    pub note: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change.
    pub version: i64,
}

/// What a server says a tool does to the world. Hints, which nobody checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ToolHints {
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// It may destroy something.
    pub destructive: Option<bool>,
    /// A second call changes nothing more.
    pub idempotent: Option<bool>,
    /// It speaks with the wide world.
    pub open_world: Option<bool>,
}

impl ToolHints {
    /// Whether the server itself says that the tool changes something.
    #[must_use]
    pub fn admits_writing(self) -> bool {
        self.read_only == Some(false)
            || (self.destructive == Some(true) && self.read_only.is_none())
    }
}

/// What a server says of a tool, cut to what is worth showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDefinition {
    /// What people call it.
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// The JSON Schema of its arguments.
    #[serde(with = "as_text")]
    pub input_schema: RawJson,
    /// What it says it does to the world.
    pub hints: ToolHints,
    /// SHA-256, in hexadecimal, over everything that the server says of it, uncut.
    pub digest: String,
    /// Why it cannot be used at all.
    pub unusable: Option<String>,
}

/// JSON within a document of our own is a text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::json::RawJson;

    pub fn serialize<S: Serializer>(json: &RawJson, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(json.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RawJson, D::Error> {
        String::deserialize(deserializer).map(RawJson::trusted)
    }
}

/// When a call of a tool needs a person's yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Never: it is called when a model asks for it.
    Never,
    /// Each time, with all arguments before one's eyes.
    Always,
}

impl Approval {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Never, Self::Always];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Always => "always",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|approval| approval.as_str() == word)
    }
}

/// A tool that an administrator allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// When it needs a yes.
    pub approval: Approval,
    /// What the server said of it then.
    pub definition: ToolDefinition,
}

/// One tool of a server: what the server says of it now, and what was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTool {
    /// Its name there.
    pub name: ToolName,
    /// What the server said when it was asked last; `None` where it no longer knows the tool.
    pub found: Option<ToolDefinition>,
    /// What was allowed; `None` where nothing was.
    pub allowed: Option<Allowed>,
}

/// What becomes of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolState {
    /// Agents may use it.
    Offered,
    /// Nobody allowed it.
    NotAllowed,
    /// It is no longer what was allowed: it waits until it is allowed again.
    Suspended,
    /// It cannot be used; see [`ToolDefinition::unusable`].
    Unusable,
}

impl ToolState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Offered, Self::NotAllowed, Self::Suspended, Self::Unusable];

    /// The word used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::NotAllowed => "not_allowed",
            Self::Suspended => "suspended",
            Self::Unusable => "unusable",
        }
    }
}

impl ServerTool {
    /// What becomes of it.
    #[must_use]
    pub fn state(&self) -> ToolState {
        match (&self.allowed, &self.found) {
            (Some(allowed), Some(found)) if allowed.definition == *found => ToolState::Offered,
            (Some(_), _) => ToolState::Suspended,
            (None, Some(found)) if found.unusable.is_some() => ToolState::Unusable,
            (None, _) => ToolState::NotAllowed,
        }
    }
}

/// A tool to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Which one.
    pub name: ToolName,
    /// When it needs a yes.
    pub approval: Approval,
    /// The digest of what one has seen. One that was suspended is allowed again only with it.
    pub digest: Option<String>,
}

/// A server to be added.
#[derive(Debug, Clone)]
pub struct NewToolServer {
    /// What its tools begin with.
    pub name: ServerName,
    /// Where it serves.
    pub url: EndpointUrl,
    /// What it is shown.
    pub secrets: ServerSecrets,
    /// Whether its tools are offered.
    pub enabled: bool,
    /// How long it may take to answer the greeting.
    pub connect_timeout: Duration,
    /// How long one call may take as a whole.
    pub call_timeout: Duration,
    /// Which tools are allowed from the start.
    pub allow: Vec<Allow>,
}

/// A change to a server: `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct ToolServerPatch {
    /// Another name.
    pub name: Option<ServerName>,
    /// Another address.
    pub url: Option<EndpointUrl>,
    /// Another token, or none.
    pub token: Patch<ApiKey>,
    /// Other headers, in place of all before.
    pub headers: Option<Vec<CustomHeader>>,
    /// Whether its tools are offered.
    pub enabled: Option<bool>,
    /// How long it may take to answer the greeting.
    pub connect_timeout: Option<Duration>,
    /// How long one call may take as a whole.
    pub call_timeout: Option<Duration>,
    /// Which tools are allowed, in place of all before.
    pub allow: Option<Vec<Allow>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(digest: &str) -> ToolDefinition {
        ToolDefinition {
            title: None,
            description: "Looks up the weather.".to_owned(),
            input_schema: RawJson::empty_object(),
            hints: ToolHints::default(),
            digest: digest.to_owned(),
            unusable: None,
        }
    }

    #[test]
    fn what_changed_or_went_since_it_was_allowed_is_suspended() {
        let allowed = Some(Allowed { approval: Approval::Never, definition: definition("one") });
        let name = ToolName::parse("weather").unwrap();
        let mut tool = ServerTool { name, found: Some(definition("one")), allowed };
        assert_eq!(tool.state(), ToolState::Offered);
        tool.found = Some(definition("two"));
        assert_eq!(tool.state(), ToolState::Suspended);
        tool.found = None;
        assert_eq!(tool.state(), ToolState::Suspended);
        tool.allowed = None;
        assert_eq!(tool.state(), ToolState::NotAllowed);
        tool.found = Some(ToolDefinition { unusable: Some("No.".to_owned()), ..definition("x") });
        assert_eq!(tool.state(), ToolState::Unusable);
    }

    #[test]
    fn who_says_nothing_does_not_admit_writing() {
        let hints =
            |read_only, destructive| ToolHints { read_only, destructive, ..ToolHints::default() };
        assert!(!hints(None, None).admits_writing());
        assert!(!hints(Some(true), Some(true)).admits_writing());
        assert!(hints(Some(false), None).admits_writing());
        assert!(hints(None, Some(true)).admits_writing());
    }

    #[test]
    fn words_and_values_are_one_to_one() {
        for approval in Approval::ALL {
            assert_eq!(Approval::parse(approval.as_str()), Some(approval));
        }
    }
}
