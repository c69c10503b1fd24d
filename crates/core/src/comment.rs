//! Comments on tickets: public answers and internal notes.

use chrono::{DateTime, Utc};

use crate::{
    id::{CommentId, TicketId},
    text::CommentBody,
    user::UserSummary,
};

/// A comment on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its identity; later comments have greater ones.
    pub id: CommentId,
    /// The ticket it stands on.
    pub ticket_id: TicketId,
    /// Who wrote it.
    pub author: UserSummary,
    /// What it says.
    pub body: CommentBody,
    /// Whether only staff see it.
    pub internal: bool,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last edited; `None` if never.
    pub edited_at: Option<DateTime<Utc>>,
    /// Counts every change, for `ETag`.
    pub version: i64,
}

/// A comment to be written.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// What it says.
    pub body: CommentBody,
    /// Whether only staff shall see it.
    pub internal: bool,
}

/// A change to a comment.
#[derive(Debug, Clone, Default)]
pub struct CommentPatch {
    /// What it shall say.
    pub body: Option<CommentBody>,
    /// Whether only staff shall see it.
    pub internal: Option<bool>,
}
