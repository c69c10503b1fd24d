//! What callers ask for: a new ticket, one made from plain words, or a change.

use chrono::{DateTime, Utc};

use crate::{
    category::Slug,
    id::{FileId, TeamId, UserId},
    json::RawJson,
    patch::Patch,
    text::{Description, PlainText, Tag, Title},
    ticket::{Priority, Source, Status},
    user::Email,
};

/// A ticket to be made from a form. What is left out is filled by triage and routing.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// One line that says what it is about.
    pub title: Title,
    /// The whole story.
    pub description: Description,
    /// How pressing it is; a person's word, never overwritten.
    pub priority: Option<Priority>,
    /// What kind of thing it is; a person's word, never overwritten.
    pub category: Option<Slug>,
    /// Words that group it with others.
    pub tags: Vec<Tag>,
    /// Files that belong to it.
    pub attachment_ids: Vec<FileId>,
    /// What the client keeps with it.
    pub metadata: RawJson,
    /// Which door it came through.
    pub source: Source,
    /// Who shall work on it (staff only).
    pub assignee_id: Option<UserId>,
    /// Which team it belongs to (staff only).
    pub team_id: Option<TeamId>,
    /// For whom it is made (staff only).
    pub requester_email: Option<Email>,
}

/// A ticket to be made from plain words.
#[derive(Debug, Clone)]
pub struct TicketFromText {
    /// The words.
    pub text: PlainText,
    /// Where the person was when they wrote them.
    pub context: TicketContext,
    /// Files that belong to it.
    pub attachment_ids: Vec<FileId>,
    /// Which door it came through.
    pub source: Source,
}

/// Where a person was when they described a problem, as a browser extension knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketContext {
    /// Address of the page.
    pub page_url: Option<String>,
    /// Title of the page.
    pub page_title: Option<String>,
    /// What was selected on it.
    pub selection: Option<String>,
    /// The browser.
    pub user_agent: Option<String>,
    /// What the page wrote to the console.
    pub console_errors: Vec<String>,
}

impl TicketContext {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A change to a ticket: only what is mentioned changes.
#[derive(Debug, Clone, Default)]
pub struct TicketPatch {
    /// A new title.
    pub title: Option<Title>,
    /// A new description.
    pub description: Option<Description>,
    /// A new status.
    pub status: Option<Status>,
    /// A new priority; a label that triage learns from.
    pub priority: Option<Priority>,
    /// A new category; a label that triage learns from.
    pub category: Option<Slug>,
    /// New tags, in place of all old ones.
    pub tags: Option<Vec<Tag>>,
    /// New metadata, in place of the old.
    pub metadata: Option<RawJson>,
    /// Another person, or nobody.
    pub assignee_id: Patch<UserId>,
    /// Another team, or none.
    pub team_id: Patch<TeamId>,
}

impl TicketPatch {
    /// The names of fields that only staff may change and that this patch mentions.
    #[must_use]
    pub fn staff_fields(&self) -> Vec<&'static str> {
        [
            ("priority", self.priority.is_some()),
            ("category", self.category.is_some()),
            ("assignee_id", self.assignee_id.is_change()),
            ("team_id", self.team_id.is_change()),
        ]
        .into_iter()
        .filter_map(|(name, mentioned)| mentioned.then_some(name))
        .collect()
    }
}

/// What an import adds to a [`NewTicket`].
#[derive(Debug, Clone)]
pub struct ImportedTicket {
    /// The fields of the create call.
    pub ticket: NewTicket,
    /// How far it was in the other system.
    pub status: Option<Status>,
    /// When it was made there.
    pub created_at: Option<DateTime<Utc>>,
    /// Its identity there, which makes a repeated import harmless.
    pub external_id: Option<crate::text::ExternalId>,
}
