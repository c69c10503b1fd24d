//! Personal API tokens and what they are good for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{TokenId, UserId},
    text::Name,
};

/// What a token is good for. Writing includes reading; `admin` includes everything. A token never
/// reaches further than the role of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Read tickets, comments, categories, teams and statistics; ask for triage without storing.
    #[serde(rename = "tickets:read")]
    TicketsRead,
    /// Create and change tickets and comments.
    #[serde(rename = "tickets:write")]
    TicketsWrite,
    /// Read files.
    #[serde(rename = "files:read")]
    FilesRead,
    /// Upload and delete files.
    #[serde(rename = "files:write")]
    FilesWrite,
    /// Read and search articles.
    #[serde(rename = "knowledge:read")]
    KnowledgeRead,
    /// Write articles.
    #[serde(rename = "knowledge:write")]
    KnowledgeWrite,
    /// Everything that the owner may do, except managing tokens and the owner's own account.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 7] = [
        Scope::TicketsRead,
        Scope::TicketsWrite,
        Scope::FilesRead,
        Scope::FilesWrite,
        Scope::KnowledgeRead,
        Scope::KnowledgeWrite,
        Scope::Admin,
    ];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TicketsRead => "tickets:read",
            Self::TicketsWrite => "tickets:write",
            Self::FilesRead => "files:read",
            Self::FilesWrite => "files:write",
            Self::KnowledgeRead => "knowledge:read",
            Self::KnowledgeWrite => "knowledge:write",
            Self::Admin => "admin",
        }
    }

    /// Whether holding `self` grants what `needed` grants.
    #[must_use]
    pub const fn includes(self, needed: Scope) -> bool {
        match self {
            Self::Admin => true,
            Self::TicketsWrite => matches!(needed, Self::TicketsWrite | Self::TicketsRead),
            Self::FilesWrite => matches!(needed, Self::FilesWrite | Self::FilesRead),
            Self::KnowledgeWrite => matches!(needed, Self::KnowledgeWrite | Self::KnowledgeRead),
            Self::TicketsRead => matches!(needed, Self::TicketsRead),
            Self::FilesRead => matches!(needed, Self::FilesRead),
            Self::KnowledgeRead => matches!(needed, Self::KnowledgeRead),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(s: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == s).ok_or(UnknownScope)
    }
}

/// The text names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "A scope is one of tickets:read, tickets:write, files:read, files:write, knowledge:read, knowledge:write, admin."
)]
pub struct UnknownScope;

/// A token as its owner may see it again: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its identity.
    pub id: TokenId,
    /// Whose rights it carries.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: Name,
    /// The first characters of the secret, to recognise it by.
    pub prefix: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it last served, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What its owner calls it.
    pub name: Name,
    /// What it shall be good for; never empty.
    pub scopes: Vec<Scope>,
    /// When it shall end by itself.
    pub expires_at: Option<DateTime<Utc>>,
}
