//! Talking with a language model: what is asked, what comes back, and why nothing came.
//!
//! Whatever a model says is a stranger's text. Nothing here is acted upon before it was read against a
//! schema.

use std::{fmt, time::Duration};

use crate::json::RawJson;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model, by the name that its provider knows.
    pub model: String,
    /// Who the model is and what it must heed; never what others wrote.
    pub system: String,
    /// The conversation so far, oldest first; never empty.
    pub messages: Vec<ChatMessage>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// The form that the answer must have; `None`: free text.
    pub schema: Option<AnswerSchema>,
    /// The most tokens of the answer.
    pub max_tokens: u32,
    /// How freely the model chooses, 0 to 2; `None`: as the provider does by itself.
    pub temperature: Option<f64>,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatMessage {
    /// What is put to the model.
    User(String),
    /// What the model said, and what it called.
    Model {
        /// The words; may be empty.
        text: String,
        /// The calls, in order.
        calls: Vec<ToolCall>,
    },
    /// What a call gave.
    ToolResult {
        /// Which call it answers.
        call_id: String,
        /// The result, as the model reads it.
        text: String,
    },
}

/// Something that a model may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolSpec {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: RawJson,
}

/// A model asks for a call. Neither name nor arguments have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// By which its result is told apart.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// The arguments, valid JSON of any form.
    pub arguments: RawJson,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerSchema {
    /// A name for it: letters, digits, `_` and `-`.
    pub name: &'static str,
    /// The JSON Schema. Providers may ignore it, so that every answer is read against it here.
    pub schema: RawJson,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatAnswer {
    /// The words; may be empty where it calls tools.
    pub text: String,
    /// What it wants to call, in order.
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    pub stop: Stop,
    /// What it took.
    pub usage: Usage,
    /// The model that the provider says answered.
    pub model: String,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It was complete.
    End,
    /// It waits for the results of its calls.
    ToolCalls,
    /// It reached the most tokens and is cut.
    Length,
    /// The provider or the model declined.
    Refused,
}

/// Tokens of a call; 0 where the provider does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// What was read.
    pub input_tokens: u32,
    /// What was written.
    pub output_tokens: u32,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub fn total(self) -> u64 {
        u64::from(self.input_tokens) + u64::from(self.output_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatError {
    /// Which kind of failure.
    pub kind: ChatErrorKind,
    /// What happened, for administrators: never a key, never what was asked or answered.
    pub detail: String,
    /// When the provider wants to be asked again.
    pub retry_after: Option<Duration>,
}

/// The kinds of failure, by what may be done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatErrorKind {
    /// The provider has had enough of us for now (429).
    RateLimited,
    /// The provider is overloaded or failing (5xx, 529).
    Overloaded,
    /// Nobody answered, or the connection broke.
    Unreachable,
    /// The time was up.
    TimedOut,
    /// The key is missing, wrong, or may not do this (401, 403).
    Unauthorized,
    /// The provider does not take the request (other 4xx): asking again changes nothing.
    BadRequest,
    /// What came was no answer of this API.
    Malformed,
    /// Too many calls are under way here, or its breaker is open: the provider was not asked.
    NotAsked,
}

impl ChatError {
    /// A failure of that kind.
    pub fn new(kind: ChatErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None }
    }
}

impl ChatErrorKind {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::RateLimited | Self::Overloaded | Self::Unreachable)
    }

    /// The name in metrics and in the decision ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Unauthorized => "unauthorized",
            Self::BadRequest => "bad_request",
            Self::Malformed => "malformed",
            Self::NotAsked => "not_asked",
        }
    }
}

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ChatError {}
