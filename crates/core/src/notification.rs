//! Notifications: what concerns one person, and which kinds of it they want to hear of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{CommentId, FileId, NotificationId, TicketId, TicketNumber, UserId},
    user::UserSummary,
};

/// Why somebody is notified. Nobody is notified of what they did themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
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

impl NotificationKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Assigned,
        Self::Commented,
        Self::Mentioned,
        Self::StatusChanged,
        Self::FileFailed,
        Self::WebhookDisabled,
        Self::ToolSuspended,
    ];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Commented => "commented",
            Self::Mentioned => "mentioned",
            Self::StatusChanged => "status_changed",
            Self::FileFailed => "file_failed",
            Self::WebhookDisabled => "webhook_disabled",
            Self::ToolSuspended => "tool_suspended",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A notification to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotification {
    /// Its identity.
    pub id: NotificationId,
    /// Whom it concerns.
    pub user: UserId,
    /// Why.
    pub kind: NotificationKind,
    /// Who did it; `None` for the system itself.
    pub actor: Option<UserId>,
    /// The ticket it is about.
    pub ticket: Option<TicketNumber>,
    /// The comment it is about.
    pub comment: Option<CommentId>,
    /// The file it is about.
    pub file: Option<FileId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A notification as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its identity; later ones have greater ones.
    pub id: NotificationId,
    /// Whom it concerns.
    pub user: UserId,
    /// Why.
    pub kind: NotificationKind,
    /// Who did it; `None` for the system itself.
    pub actor: Option<UserSummary>,
    /// The ticket it is about.
    pub ticket: Option<NotifiedTicket>,
    /// The comment it is about.
    pub comment: Option<CommentId>,
    /// The file it is about.
    pub file: Option<FileId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was marked as read.
    pub read_at: Option<DateTime<Utc>>,
}

/// A ticket as a notification names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifiedTicket {
    /// Its identity.
    pub id: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// Its title at this moment.
    pub title: String,
}

/// The most people whom one comment notifies by naming them.
pub const MAX_MENTIONS: usize = 20;

/// The names after `@` in a comment, in lower case, each once: whole e-mail addresses or the part of one
/// before its `@`. An `@` inside a word, as in an address, begins no name.
#[must_use]
pub fn mentions(body: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut before = ' ';
    for (at, c) in body.char_indices() {
        let starts = c == '@' && !before.is_alphanumeric() && !"._%+-@".contains(before);
        before = c;
        if !starts {
            continue;
        }
        let rest = &body[at + 1..];
        let legal = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
        let end = rest.find(|c| !legal(c)).unwrap_or(rest.len());
        // What ends a sentence is not part of a name.
        let name = rest[..end].trim_end_matches(['.', '-', '@', '%', '+', '_']).to_lowercase();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
        if names.len() == MAX_MENTIONS {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_where_they_begin_a_word() {
        let found = |text| mentions(text);
        assert_eq!(
            found("@Ann, see (@bob.lee) and @c@x.example."),
            ["ann", "bob.lee", "c@x.example"]
        );
        assert_eq!(found("mail ann@x.example or a.@b or @@"), Vec::<String>::new());
        assert_eq!(found("@ann @ANN @ann."), ["ann"]);
        assert_eq!(found("@jürgen!"), ["jürgen"]);
    }

    proptest! {
        #[test]
        fn any_text_names_few(text in any::<String>()) {
            let names = mentions(&text);
            prop_assert!(names.len() <= MAX_MENTIONS);
            prop_assert!(names.iter().all(|n| !n.is_empty() && !n.starts_with(' ')));
        }
    }
}
