//! Comments.

use atc_core::comment::Comment;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PersonBody;

/// A comment on a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Comment, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
    "ticket_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12",
    "author": {
        "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c13",
        "email": "agent@example.com", "full_name": "Example Agent"
    },
    "body": "The second charge is refunded.", "internal": false, "edited": false,
    "created_at": "2026-01-31T12:00:00Z", "edited_at": null, "version": 1
}))]
pub(crate) struct CommentBody {
    /// Its identity.
    id: Uuid,
    /// The ticket it stands on.
    ticket_id: Uuid,
    /// Who wrote it.
    author: PersonBody,
    /// What it says.
    body: String,
    /// Whether only staff see it.
    internal: bool,
    /// Whether it was edited.
    edited: bool,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// When it was last edited.
    edited_at: Option<DateTime<Utc>>,
    /// Counts every change; the entity tag.
    version: i64,
}

impl From<&Comment> for CommentBody {
    fn from(c: &Comment) -> Self {
        Self {
            id: c.id.0,
            ticket_id: c.ticket_id.0,
            author: c.author.clone().into(),
            body: c.body.as_str().to_owned(),
            internal: c.internal,
            edited: c.edited_at.is_some(),
            created_at: c.created_at,
            edited_at: c.edited_at,
            version: c.version,
        }
    }
}
