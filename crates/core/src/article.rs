//! Articles of the knowledge base.

use chrono::{DateTime, Utc};

use crate::{
    id::ArticleId,
    text::{ArticleBody, Tag, Title},
    user::UserSummary,
};

/// An article of the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its identity.
    pub id: ArticleId,
    /// One line that says what it answers.
    pub title: Title,
    /// The text, in Markdown.
    pub body: ArticleBody,
    /// Words that group it with others.
    pub tags: Vec<Tag>,
    /// Whether everyone may read it; drafts are for staff.
    pub published: bool,
    /// Who wrote it.
    pub author: Option<UserSummary>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts every change, for `ETag`.
    pub version: i64,
}

/// An article to be written.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// One line that says what it answers.
    pub title: Title,
    /// The text, in Markdown.
    pub body: ArticleBody,
    /// Words that group it with others.
    pub tags: Vec<Tag>,
    /// Whether everyone may read it.
    pub published: bool,
}

/// A change to an article: only what is mentioned changes.
#[derive(Debug, Clone, Default)]
pub struct ArticlePatch {
    /// A new title.
    pub title: Option<Title>,
    /// A new text.
    pub body: Option<ArticleBody>,
    /// New tags, in place of all old ones.
    pub tags: Option<Vec<Tag>>,
    /// Publish or withdraw.
    pub published: Option<bool>,
}

/// How articles are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchMode {
    /// By meaning and by words together.
    #[default]
    Hybrid,
    /// By meaning alone.
    Semantic,
    /// By words alone.
    Keyword,
}

/// An article that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleHit {
    /// Its identity.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The passage that fits best, as plain text.
    pub snippet: String,
}
