//! How things look from outside.

mod agent;
mod article;
mod category;
mod comment;
mod conversation;
mod decision;
mod enums;
mod event;
mod file;
mod job;
mod notification;
mod quality;
mod queue;
mod team;
mod ticket;
mod tool_server;
mod triage;
mod user;
mod webhook;

pub(crate) use agent::{AgentState, AiSettingsBody, ReplayBody};
pub(crate) use article::{ArticleBody, ArticleHitBody};
pub(crate) use category::CategoryBody;
pub(crate) use comment::CommentBody;
pub(crate) use conversation::{
    AgentActionBody, AssistantReplyBody, ConversationBody, ConversationDetailBody,
};
pub(crate) use decision::DecisionBody;
pub(crate) use enums::{
    ActionState, AgentName, Approval, AttemptEnd, AuditKind, CitationKind, DecisionAction,
    DeliveryState, DisabledReason, FileKind, FileStatus, HistoryWindow, JobState, Priority, Role,
    Scope, SearchMode, Source, Status, Strategy, ToolState,
};
pub(crate) use event::{EventBody, event_text};
use file::AttachmentBody;
pub(crate) use file::FileBody;
pub(crate) use job::{JobBody, JobDetailBody};
pub(crate) use notification::NotificationBody;
pub(crate) use quality::QualityBody;
pub(crate) use queue::{JobsOverviewBody, QueueBody};
pub(crate) use team::TeamBody;
pub(crate) use ticket::{AuditEntryBody, DraftBody, SimilarBody, StatsBody, TicketBody};
pub(crate) use tool_server::{ToolServerBody, ToolServerDetailBody};
pub(crate) use triage::TriageBody;
pub(crate) use user::{PersonBody, UserBody};
pub use webhook::webhook_text;
pub(crate) use webhook::{DeliveryBody, DeliveryDetailBody, EndpointBody};
