//! The use cases: everything a caller can ask for, whichever door they come through.
//!
//! A use case takes a [`atc_core::Ctx`] and typed input, asks the policy of its field-level rules,
//! does its slow work first, and then writes in one transaction.

mod agents;
mod app;
mod assistant;
mod audit;
mod auth;
mod background;
mod categories;
mod config;
mod files;
mod gauges;
mod health;
mod idempotency;
mod if_match;
mod jobs;
mod keys;
mod knowledge;
mod live;
mod notifications;
mod oauth;
mod sealer;
mod teams;
mod tickets;
mod tool_servers;
pub mod trace;
mod transfer;
mod triage;
mod users;
mod wake;
mod webhooks;
mod worker;

pub use agents::{
    AgentOverview, AgentStatus, AiOverview, Bin, NewReplay, ProviderOverview, Quality,
    QualityGroup, QualityWindow, Replay, ReplayReport, ReplayedTicket,
};
pub use app::{App, Parts};
pub use assistant::{AssistantBounds, AssistantNews, AssistantReply, Saying, assistant_tools};
pub use audit::{AuditFault, Verified};
pub use auth::{Authenticated, NewTokenSecret, Session};
pub use config::{Config, Keys, RateLimits};
pub use files::{
    FileContent, FileLink, NewUpload, PartUpload, PlannedPart, Target, Upload, UploadDigest,
    UploadPlan,
};
pub use health::{Component, ComponentState, Health};
pub use if_match::IfMatch;
pub use jobs::{
    HistoryPoint, HistoryWindow, JobCounts, JobDetail, JobHistory, JobsOverview, QueueOverview,
    WorkerOverview,
};
pub use keys::Resealed;
pub use live::{Connected, ConnectionPermit, Facts, Follower, Heard, Lost, Told};
pub use oauth::{
    Authorization, AuthorizationFault, AuthorizationRequest, NewClient, OauthError, OauthErrorCode,
    OauthSite, Place, RedirectUri, Return, TokenRequest, Tokens, USUAL_SCOPES, scope_text,
};
pub use tickets::{FileAnalysis, ImportOutcome, SimilarTicket};
pub use tool_servers::{AllowedTool, ToolServerDetail};
pub use transfer::{ExportPage, Exported};
pub use triage::TriageReading;
pub use webhooks::NewEndpointSecret;
pub use worker::{Job, Registry, RegistryError, Run};
// Positions in lists, which a door hands out and takes back unread.
pub use atc_store::{
    ArticlePosition, CommentPosition, ConversationPosition, DecisionPosition, DeliveryPosition,
    FilePosition, JobPosition, NotificationPosition, ReplayPosition, UserPosition,
};
// What is looked for in the decision ledger, and what models used.
pub use atc_store::{DecisionFilter, ModelUsage};
// Jobs as they are stored; their payload is redacted wherever a use case gives one out.
pub use atc_store::{JobFilter, StoredAttempt, StoredJob};
