//! The relational store: one schema, two engines (SQLite and PostgreSQL).
//!
//! Reads go through [`Store`], writes through a [`Tx`]; both give the same views of a table family,
//! such as [`Tickets`]. What the two engines say differently stands in `db::dialect` or beside the
//! table that needs it.

mod bus;
mod copy;
pub mod db;
mod entity;
mod error;
mod external_id;
mod files;
mod migration;
mod search;

mod ai_usage;
mod articles;
mod audit_seals;
mod categories;
mod comments;
mod conversations;
mod decisions;
mod events;
mod idempotency;
mod jobs;
mod models;
mod notifications;
mod oauth;
mod provider_keys;
mod replays;
mod sessions;
mod settings;
mod teams;
mod tickets;
mod tokens;
mod tool_servers;
mod uploads;
mod users;
mod webhooks;
mod ws_tickets;

pub use ai_usage::{AiUsage, AmountUsed, ModelUsage, NewAiUsage, UsageTotals};
pub use articles::{ArticlePosition, Articles, ExportedArticle, Passage, UnindexedArticle};
pub use categories::Categories;
pub use comments::{CommentPosition, Comments};
pub use conversations::{
    ConversationPosition, Conversations, NewAction, NewConversation, NewMessage, OpenTurn, Owner,
    StoredAction, TurnStart,
};
pub use copy::{Copy, CopyError, Phase, Side, TableReport, Watch};
pub use db::{Config, Engine, PoolUse, Store, Tx};
pub use decisions::{
    DecisionFilter, DecisionPosition, Decisions, ModelRecord, QualityFilter, QualityRow,
};
pub use error::{Result, StoreError};
pub use events::{EventFilter, Events};
pub use files::{FilePosition, Files, NewFileRow};
pub use idempotency::Idempotency;
pub use jobs::{
    AttemptCount, Claim, ClaimedJob, JobFilter, JobPosition, Jobs, QueueCount, QueueWait,
    StoredAttempt, StoredJob, StoredWorker,
};
pub use migration::MigrationState;
pub use models::{Models, StoredModel};
pub use notifications::{NotificationPosition, Notifications};
pub use oauth::{Grants, OauthClients, OauthCode, OauthCodes, StoredGrant};
pub use provider_keys::ProviderKeys;
pub use replays::{ReplayPosition, Replays, StoredReplay};
pub use search::{ArticleQuery, SearchUse, SimilarHit, SimilarQuery};
pub use sessions::{Session, Sessions};
pub use settings::Settings;
pub use teams::Teams;
pub use tickets::{
    AuditPosition, LabelFingerprint, LabelsByPerson, NewAuditEntry, NewTicketRow, StoredTriage,
    TicketChange, Tickets, UnindexedTicket,
};
pub use tokens::{TokenOwner, Tokens};
pub use tool_servers::ToolServers;
pub use uploads::{StoredUpload, Uploads};
pub use users::{Credentials, UserPosition, Users};
pub use webhooks::{DeliveryPosition, SealedSecrets, WebhookDeliveries, Webhooks};
pub use ws_tickets::{WsTicket, WsTickets};
