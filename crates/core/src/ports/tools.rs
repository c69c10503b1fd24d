//! Servers of others that have tools.

use std::time::Duration;

use crate::{
    id::ToolServerId,
    json::RawJson,
    ports::BoxFuture,
    tool_server::{ServerSecrets, ToolDefinition, ToolName},
    webhook::EndpointUrl,
};

/// Where a server is, what it is shown, and how long it may take.
#[derive(Debug, Clone)]
pub struct ToolServerAddress {
    /// Which one: its breaker and the bound on calls at the same time hang on it.
    pub id: ToolServerId,
    /// Where it serves.
    pub url: EndpointUrl,
    /// What it is shown.
    pub secrets: ServerSecrets,
    /// How long it may take to answer the greeting.
    pub connect_timeout: Duration,
    /// How long the whole may take.
    pub call_timeout: Duration,
}

/// What a server says it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTools {
    /// Its tools, each name once, at most [`crate::tool_server::MOST_TOOLS`].
    pub tools: Vec<(ToolName, ToolDefinition)>,
    /// What was left out, in a sentence; `None` where nothing was.
    pub note: Option<String>,
}

/// What a tool gave: a stranger's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The text, without control characters. Content that is no text is named in it.
    pub text: String,
    /// Whether the tool says that it failed.
    pub is_error: bool,
}

/// Why a server gave nothing. The texts are for administrators, and hold nothing that the server said unless
/// they say so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolServerError {
    /// The address is one that this installation does not call.
    #[error("{0}")]
    Refused(String),
    /// Nobody answered.
    #[error("{0}")]
    Unreachable(String),
    /// It took too long.
    #[error("The server did not answer within {} ms.", .0.as_millis())]
    TimedOut(Duration),
    /// It does not know us (401, 403).
    #[error(
        "The server answered {0}: the token or a header is missing, wrong, or may not do this."
    )]
    Unauthorized(u16),
    /// It sends us elsewhere.
    #[error("The server answered {0} and sends to another address; redirects are not followed.")]
    Redirected(u16),
    /// It answered with another failure.
    #[error("The server answered {0}.")]
    Status(u16),
    /// What came is not the protocol.
    #[error("The server does not speak MCP over streamable HTTP: {0}")]
    NotMcp(&'static str),
    /// More came than is read.
    #[error("The server answered with more than {0} bytes.")]
    TooLarge(usize),
    /// It refused the call, with these words of its own, cut.
    #[error("The server refused the call ({code}): {message}")]
    Protocol {
        /// The code of JSON-RPC.
        code: i32,
        /// The server's words.
        message: String,
    },
    /// The tool asks for something back that is not given: a person's input, a model, a later look.
    #[error("The tool asks for something back, which agents do not give.")]
    AsksBack,
    /// The server was not asked: it failed a moment ago, or too many calls are under way.
    #[error("{0}")]
    NotAsked(&'static str),
}

impl ToolServerError {
    /// The name in metrics and in the decision ledger.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut(_) => "timed_out",
            Self::Unauthorized(_) => "unauthorized",
            Self::Redirected(_) => "redirected",
            Self::Status(_) => "status",
            Self::NotMcp(_) => "not_mcp",
            Self::TooLarge(_) => "too_large",
            Self::Protocol { .. } => "protocol",
            Self::AsksBack => "asks_back",
            Self::NotAsked(_) => "not_asked",
        }
    }

    /// Whether it says that the server is not there, rather than that it did not like the call.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut(_) | Self::Status(500..=599))
    }
}

/// Speaks with servers of others. Time-outs, bounds, breakers and the bound on calls at the same time are its
/// own; dropping a future ends what it does.
pub trait ToolServers: Send + Sync {
    /// What a server says it can do.
    ///
    /// # Errors
    /// Why it gave nothing.
    fn list<'a>(
        &'a self,
        server: &'a ToolServerAddress,
    ) -> BoxFuture<'a, Result<FoundTools, ToolServerError>>;

    /// Calls a tool, once. `arguments` is an object.
    ///
    /// # Errors
    /// Why it gave nothing; the tool may have run all the same.
    fn call<'a>(
        &'a self,
        server: &'a ToolServerAddress,
        tool: &'a ToolName,
        arguments: &'a RawJson,
    ) -> BoxFuture<'a, Result<ToolResult, ToolServerError>>;

    /// Forgets that a server failed: it was changed or removed, or somebody wants to know.
    fn forget(&self, server: ToolServerId);
}
