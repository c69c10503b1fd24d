//! Notifications.

use atc_core::notification::{Notification, NotificationKind as Kind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::PersonBody;

/// A notification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "kind": "assigned",
    "actor": null, "ticket_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12", "ticket_number": 42,
    "ticket_title": "The invoice of October was charged twice", "comment_id": null,
    "file_id": null, "read": false, "created_at": "2026-01-31T12:00:00Z", "read_at": null
}))]
pub(crate) struct NotificationBody {
    /// Its identity.
    id: Uuid,
    /// Why.
    kind: NotificationKind,
    /// Who did it; `null` for the system itself.
    #[schema(nullable)]
    actor: Option<PersonBody>,
    /// The ticket it is about.
    ticket_id: Option<Uuid>,
    /// That ticket's number.
    ticket_number: Option<i64>,
    /// That ticket's title now.
    ticket_title: Option<String>,
    /// The comment it is about.
    comment_id: Option<Uuid>,
    /// The file it is about.
    file_id: Option<Uuid>,
    /// Whether it was marked as read.
    read: bool,
    /// When it happened.
    created_at: DateTime<Utc>,
    /// When it was marked as read.
    read_at: Option<DateTime<Utc>>,
}

/// Why somebody is notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "assigned")]
pub(crate) enum NotificationKind {
    /// A ticket was assigned to them.
    Assigned,
    /// Somebody commented on a ticket that they requested or work on.
    Commented,
    /// Somebody named them in a comment.
    Mentioned,
    /// The status of a ticket that they requested or work on changed.
    StatusChanged,
    /// A file that they uploaded could not be read.
    FileFailed,
    /// Another system is not told any more what happens, as it did not answer: administrators.
    WebhookDisabled,
    /// A tool of another system is not offered to agents any more, as it is not what was allowed: administrators.
    ToolSuspended,
}

impl From<Kind> for NotificationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Assigned => Self::Assigned,
            Kind::Commented => Self::Commented,
            Kind::Mentioned => Self::Mentioned,
            Kind::StatusChanged => Self::StatusChanged,
            Kind::FileFailed => Self::FileFailed,
            Kind::WebhookDisabled => Self::WebhookDisabled,
            Kind::ToolSuspended => Self::ToolSuspended,
        }
    }
}

impl From<&Notification> for NotificationBody {
    fn from(n: &Notification) -> Self {
        let ticket = n.ticket.as_ref();
        Self {
            id: n.id.0,
            kind: n.kind.into(),
            actor: n.actor.clone().map(Into::into),
            ticket_id: ticket.map(|t| t.id.0),
            ticket_number: ticket.map(|t| t.number.0),
            ticket_title: ticket.map(|t| t.title.clone()),
            comment_id: n.comment.map(|id| id.0),
            file_id: n.file.map(|id| id.0),
            read: n.read_at.is_some(),
            created_at: n.created_at,
            read_at: n.read_at,
        }
    }
}
