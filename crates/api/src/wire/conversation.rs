//! Conversations with the customer support agent.

use atc_app::AssistantReply;
use atc_core::conversation::{
    ActionDraft, AgentAction, Citation, Conversation, Message, NamedTicket, Speaker,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ActionState, CitationKind, Priority};

/// A ticket as a conversation names it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NamedTicket, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12", "number": 42, "title": "Charged twice"
}))]
pub(crate) struct NamedTicketBody {
    /// Its identity.
    id: Uuid,
    /// Its number.
    number: i64,
    /// Its title now.
    title: String,
}

impl From<&NamedTicket> for NamedTicketBody {
    fn from(t: &NamedTicket) -> Self {
        Self { id: t.id.0, number: t.number.0, title: t.title.clone() }
    }
}

/// A conversation with the customer support agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "title": "My invoice of October was charged twice.",
    "ticket": null, "turns": 1, "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:02Z"
}))]
pub(crate) struct ConversationBody {
    /// Its identity.
    id: Uuid,
    /// How it began, on one line.
    title: String,
    /// The ticket that it is about.
    #[schema(nullable)]
    ticket: Option<NamedTicketBody>,
    /// How often its owner spoke.
    turns: u32,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When something was last said.
    updated_at: DateTime<Utc>,
}

impl From<&Conversation> for ConversationBody {
    fn from(c: &Conversation) -> Self {
        Self {
            id: c.id.0,
            title: c.title.clone(),
            ticket: c.ticket.as_ref().map(Into::into),
            turns: c.turns,
            created_at: c.created_at,
            updated_at: c.updated_at,
        }
    }
}

/// A conversation with everything that was said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationDetail, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "title": "My invoice of October was charged twice.",
    "ticket": null, "turns": 1, "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:02Z", "messages": []
}))]
pub(crate) struct ConversationDetailBody {
    #[serde(flatten)]
    conversation: ConversationBody,
    /// Both sides, in order.
    messages: Vec<ConversationMessageBody>,
}

impl ConversationDetailBody {
    /// Of a conversation and its messages.
    pub fn new(conversation: &Conversation, messages: &[Message]) -> Self {
        let messages = messages.iter().map(Into::into).collect();
        Self { conversation: conversation.into(), messages }
    }
}

/// What one side said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationMessage, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c13", "role": "user",
    "text": "My invoice of October was charged twice.", "citations": [], "actions": [],
    "provider": null, "model": null, "degraded": false, "created_at": "2026-01-31T12:00:00Z"
}))]
pub(crate) struct ConversationMessageBody {
    /// Its identity.
    id: Uuid,
    /// Who said it.
    role: ConversationRole,
    /// The words: plain text, with the simplest of Markdown where the assistant speaks. `[S1]` names the
    /// citation with that mark.
    text: String,
    /// On what it rests.
    citations: Vec<CitationBody>,
    /// What was done or proposed.
    actions: Vec<AgentActionBody>,
    /// Whose model spoke; null where the person did.
    provider: Option<String>,
    /// Which model.
    model: Option<String>,
    /// Whether a better model was configured and did not answer.
    degraded: bool,
    /// When it was said.
    created_at: DateTime<Utc>,
}

/// Who speaks in a conversation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "assistant")]
pub(crate) enum ConversationRole {
    /// Its owner.
    User,
    /// The customer support agent.
    Assistant,
}

impl From<&Message> for ConversationMessageBody {
    fn from(m: &Message) -> Self {
        let author = m.author.as_ref();
        Self {
            id: m.id.0,
            role: match m.speaker {
                Speaker::Person => ConversationRole::User,
                Speaker::Assistant => ConversationRole::Assistant,
            },
            text: m.text.clone(),
            citations: m.citations.iter().map(Into::into).collect(),
            actions: m.actions.iter().map(Into::into).collect(),
            provider: author.map(|a| a.provider.clone()),
            model: author.map(|a| a.model.clone()),
            degraded: author.is_some_and(|a| a.degraded),
            created_at: m.created_at,
        }
    }
}

/// What the customer support agent answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssistantReply, example = json!({
    "conversation_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
    "message_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c13",
    "message": "From our article “Refunds” [S1]:\n\nOpen Billing and choose Refund.",
    "actions": [],
    "citations": [{
        "mark": "S1", "kind": "article", "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c14", "number": null,
        "title": "Refunds", "page": null, "start": null, "snippet": "Open Billing and choose Refund."
    }],
    "provider": "local", "model": "all-MiniLM-L6-v2-int8", "degraded": false,
    "created_at": "2026-01-31T12:00:02Z"
}))]
pub(crate) struct AssistantReplyBody {
    /// The conversation, to go on with.
    conversation_id: Uuid,
    /// The identity of this answer.
    message_id: Uuid,
    /// The answer: plain text with the simplest of Markdown, without HTML, images and foreign links. `[S1]`
    /// names the citation with that mark.
    message: String,
    /// What was done or proposed.
    actions: Vec<AgentActionBody>,
    /// On what the answer rests.
    citations: Vec<CitationBody>,
    /// Who answered.
    provider: String,
    /// With which model.
    model: String,
    /// Whether a better model was configured and did not answer.
    degraded: bool,
    /// When it was said.
    created_at: DateTime<Utc>,
}

impl From<&AssistantReply> for AssistantReplyBody {
    fn from(reply: &AssistantReply) -> Self {
        let message = &reply.message;
        let author = message.author.as_ref();
        Self {
            conversation_id: reply.conversation.0,
            message_id: message.id.0,
            message: message.text.clone(),
            actions: message.actions.iter().map(Into::into).collect(),
            citations: message.citations.iter().map(Into::into).collect(),
            provider: author.map(|a| a.provider.clone()).unwrap_or_default(),
            model: author.map(|a| a.model.clone()).unwrap_or_default(),
            degraded: author.is_some_and(|a| a.degraded),
            created_at: message.created_at,
        }
    }
}

/// A source of an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Citation, example = json!({
    "mark": "S2", "kind": "file", "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c15", "number": null,
    "title": "invoice.pdf", "page": 2, "start": null, "snippet": "Charged on 3 October."
}))]
pub(crate) struct CitationBody {
    /// How the text names it, in brackets; the same throughout a conversation.
    mark: String,
    /// What kind of thing it is.
    kind: CitationKind,
    /// Its identity.
    id: Uuid,
    /// The number of a ticket.
    number: Option<i64>,
    /// Its title or name.
    title: String,
    /// Which page of a file; the first is 1.
    #[schema(minimum = 1)]
    page: Option<u32>,
    /// Which second of a recording.
    start: Option<f64>,
    /// What stands there.
    snippet: Option<String>,
}

impl From<&Citation> for CitationBody {
    fn from(c: &Citation) -> Self {
        Self {
            mark: c.mark.clone(),
            kind: c.kind.into(),
            id: c.id,
            number: c.number.map(|n| n.0),
            title: c.title.clone(),
            page: c.page,
            start: c.start,
            snippet: c.snippet.clone(),
        }
    }
}

/// Something that the agent did, or proposes to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentAction, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c16", "kind": "create_ticket", "state": "proposed",
    "draft": {
        "title": "Charged twice", "description": "My invoice of October was charged twice.",
        "category": "billing", "priority": "medium"
    },
    "ticket": null, "detail": null, "created_at": "2026-01-31T12:00:02Z", "settled_at": null
}))]
pub(crate) struct AgentActionBody {
    /// Its identity, by which it is approved or rejected.
    id: Uuid,
    /// What is written.
    kind: AgentActionKind,
    /// How far it is.
    state: ActionState,
    /// What it writes, or wrote.
    draft: ActionDraftBody,
    /// The ticket that it made or is about.
    #[schema(nullable)]
    ticket: Option<NamedTicketBody>,
    /// Why it failed, or what came back.
    detail: Option<String>,
    /// When it was proposed or done.
    created_at: DateTime<Utc>,
    /// When it was done, rejected or failed.
    settled_at: Option<DateTime<Utc>>,
}

/// What an action writes.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "create_ticket")]
pub(crate) enum AgentActionKind {
    /// A ticket.
    CreateTicket,
    /// A comment on a ticket.
    AddComment,
    /// A call of a tool of another system.
    CallTool,
}

/// What an action writes; which fields there are, its kind says.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ActionDraft, example = json!({"body": "It happens since Monday.", "internal": false}))]
pub(crate) struct ActionDraftBody {
    /// The title of a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<String>,
    /// The description of a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// The category that triage gives the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    category: Option<String>,
    /// The priority that triage gives the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    priority: Option<Priority>,
    /// The words of a comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body: Option<String>,
    /// Whether only staff see the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    internal: Option<bool>,
    /// The whole name of a tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tool: Option<String>,
    /// The arguments of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Object>)]
    arguments: Option<Box<RawValue>>,
}

impl From<&AgentAction> for AgentActionBody {
    fn from(a: &AgentAction) -> Self {
        let (kind, draft) = draft_of(&a.draft);
        Self {
            id: a.id.0,
            kind,
            state: a.state.into(),
            draft,
            ticket: a.ticket.as_ref().map(Into::into),
            detail: a.detail.clone(),
            created_at: a.created_at,
            settled_at: a.settled_at,
        }
    }
}

fn draft_of(draft: &ActionDraft) -> (AgentActionKind, ActionDraftBody) {
    match draft {
        ActionDraft::CreateTicket { title, description, category, priority } => {
            let body = ActionDraftBody {
                title: Some(title.clone()),
                description: Some(description.clone()),
                category: Some(category.clone()),
                priority: Some((*priority).into()),
                ..ActionDraftBody::default()
            };
            (AgentActionKind::CreateTicket, body)
        }
        ActionDraft::AddComment { body, internal } => {
            let body = ActionDraftBody {
                body: Some(body.clone()),
                internal: Some(*internal),
                ..ActionDraftBody::default()
            };
            (AgentActionKind::AddComment, body)
        }
        ActionDraft::CallTool { tool, arguments } => {
            let body = ActionDraftBody {
                tool: Some(tool.clone()),
                arguments: RawValue::from_string(arguments.clone()).ok(),
                ..ActionDraftBody::default()
            };
            (AgentActionKind::CallTool, body)
        }
    }
}
