//! Conversations with the customer support agent: what was said, on what it rests, and what came of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{AgentActionId, ConversationId, MessageId, TicketId, TicketNumber, UserId},
    ticket::Priority,
};

/// A conversation, which is its owner's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its identity.
    pub id: ConversationId,
    /// Whose it is.
    pub owner: UserId,
    /// How it began, on one line.
    pub title: String,
    /// The ticket that it is about.
    pub ticket: Option<NamedTicket>,
    /// How often the owner spoke.
    pub turns: u32,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When something was last said.
    pub updated_at: DateTime<Utc>,
}

/// A ticket as a conversation names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTicket {
    /// Its identity.
    pub id: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// Its title now.
    pub title: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The owner of the conversation.
    Person,
    /// The customer support agent.
    Assistant,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its identity.
    pub id: MessageId,
    /// Of which turn it is; the first is 1.
    pub turn: u32,
    /// Who said it.
    pub speaker: Speaker,
    /// The words: plain text with the simplest of Markdown. Marks such as `[S1]` name citations.
    pub text: String,
    /// On what it rests.
    pub citations: Vec<Citation>,
    /// What was done or proposed.
    pub actions: Vec<AgentAction>,
    /// Who wrote it, where the assistant speaks.
    pub author: Option<Author>,
    /// What the assistant waits to be told, where it asked for something.
    pub asks: Option<Asks>,
    /// When it was said.
    pub created_at: DateTime<Utc>,
}

/// Which model wrote an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Whose model.
    pub provider: String,
    /// Which.
    pub model: String,
    /// Whether a better one was configured and did not answer.
    pub degraded: bool,
}

/// What the embedded engine waits to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// What a ticket that was asked for is about.
    TicketText,
}

impl Asks {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TicketText => "ticket_text",
        }
    }

    /// What the word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        (word == Self::TicketText.as_str()).then_some(Self::TicketText)
    }
}

/// What kind of thing is cited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CitationKind {
    /// An article of the knowledge base.
    Article,
    /// A ticket.
    Ticket,
    /// A place in a file.
    File,
}

/// A source of an answer: something that a tool returned in this conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// How the text names it: `S1`, in brackets; the same throughout a conversation.
    pub mark: String,
    /// What kind of thing it is.
    pub kind: CitationKind,
    /// Its identity.
    pub id: Uuid,
    /// The number of a ticket.
    pub number: Option<TicketNumber>,
    /// Its title or name.
    pub title: String,
    /// Which page of a file; the first is 1.
    pub page: Option<u32>,
    /// Which second of a recording.
    pub start: Option<f64>,
    /// What stands there.
    pub snippet: Option<String>,
}

/// Something that the agent did, or proposes to do.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentAction {
    /// Its identity.
    pub id: AgentActionId,
    /// How far it is.
    pub state: ActionState,
    /// What it writes.
    pub draft: ActionDraft,
    /// The ticket that it made or is about.
    pub ticket: Option<NamedTicket>,
    /// Why it failed, or what came back.
    pub detail: Option<String>,
    /// When it was proposed or done.
    pub created_at: DateTime<Utc>,
    /// When it was done, rejected or failed.
    pub settled_at: Option<DateTime<Utc>>,
}

/// How far an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// The owner has not decided.
    Proposed,
    /// Another system was asked; whether it did as asked is not known yet.
    Running,
    /// It is done.
    Done,
    /// The owner does not want it.
    Rejected,
    /// It was tried and did not work.
    Failed,
}

impl ActionState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Proposed, Self::Running, Self::Done, Self::Rejected, Self::Failed];

    /// The word in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Running => "running",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What an action writes, before it is written and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActionDraft {
    /// A new ticket. Category and priority are those that triage would give now; it decides anew when the
    /// ticket is made.
    CreateTicket {
        /// One line.
        title: String,
        /// The whole story.
        description: String,
        /// What kind of thing it would be.
        category: String,
        /// How pressing it would be.
        priority: Priority,
    },
    /// A comment on the ticket.
    AddComment {
        /// What it says.
        body: String,
        /// Whether only staff see it.
        internal: bool,
    },
    /// A call of a tool of another system.
    CallTool {
        /// Which tool, by its whole name.
        tool: String,
        /// The arguments, as the text of a JSON object.
        arguments: String,
    },
}

impl ActionDraft {
    /// The word for its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CreateTicket { .. } => "create_ticket",
            Self::AddComment { .. } => "add_comment",
            Self::CallTool { .. } => "call_tool",
        }
    }
}
