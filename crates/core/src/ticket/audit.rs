//! The audit trail: who changed what, from, to, when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::TicketEventId, user::UserSummary};

/// One entry of a ticket's audit trail. Entries are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its identity; later entries have greater ones.
    pub id: TicketEventId,
    /// What happened.
    pub kind: AuditKind,
    /// Who did it; `None` for the system itself.
    pub actor: Option<UserSummary>,
    /// What changed.
    pub changes: Vec<AuditChange>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// It was made.
    Created,
    /// Fields changed.
    Updated,
    /// Triage ran on it again.
    Triaged,
    /// A comment was added.
    Commented,
    /// A comment was edited.
    CommentEdited,
    /// A comment was deleted.
    CommentDeleted,
    /// A file was attached.
    FileAttached,
    /// A file was deleted.
    FileDeleted,
    /// It was deleted.
    Deleted,
}

impl AuditKind {
    /// All kinds.
    pub const ALL: [AuditKind; 9] = [
        AuditKind::Created,
        AuditKind::Updated,
        AuditKind::Triaged,
        AuditKind::Commented,
        AuditKind::CommentEdited,
        AuditKind::CommentDeleted,
        AuditKind::FileAttached,
        AuditKind::FileDeleted,
        AuditKind::Deleted,
    ];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Triaged => "triaged",
            Self::Commented => "commented",
            Self::CommentEdited => "comment_edited",
            Self::CommentDeleted => "comment_deleted",
            Self::FileAttached => "file_attached",
            Self::FileDeleted => "file_deleted",
            Self::Deleted => "deleted",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One field's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChange {
    /// The field, as the API names it.
    pub field: String,
    /// What it held.
    pub from: AuditValue,
    /// What it holds now.
    pub to: AuditValue,
}

impl AuditChange {
    /// A change of a field from one value to another.
    pub fn new(
        field: impl Into<String>,
        from: impl Into<AuditValue>,
        to: impl Into<AuditValue>,
    ) -> Self {
        Self { field: field.into(), from: from.into(), to: to.into() }
    }
}

/// A field's value in the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AuditValue {
    /// Nothing.
    Null,
    /// A text, a word or an id.
    Text(String),
    /// Several words.
    List(Vec<String>),
}

impl From<&str> for AuditValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for AuditValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<AuditValue>> From<Option<T>> for AuditValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Vec<String>> for AuditValue {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}
