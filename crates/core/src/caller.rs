//! Who asks, and the circumstances of the request.

use chrono::{DateTime, Utc};

use crate::{
    id::{GrantId, SessionId, TokenId, UserId},
    token::Scope,
    user::{Email, Role},
};

/// The circumstances of one request or job: who, when, and under which id it is logged.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The id that every log line and every problem document of this request carries.
    pub request_id: String,
    /// Who asks.
    pub caller: Caller,
    /// The time of the request; every row that it writes carries this one.
    pub now: DateTime<Utc>,
}

/// A person who proved who they are, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user_id: UserId,
    /// The account's address.
    pub email: Email,
    /// The account's role at this moment, from the database, never from a token.
    pub role: Role,
    /// How the caller proved it.
    pub credential: Credential,
}

/// How a caller proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// By an access token of a login.
    Session(SessionId),
    /// By a personal API token, which narrows what they may do.
    ApiToken {
        /// Which token.
        id: TokenId,
        /// What it is good for.
        scopes: Vec<Scope>,
    },
    /// By an access token that the person let another program have, which narrows what it may do.
    Grant {
        /// What the person let it do.
        id: GrantId,
        /// What this token is good for.
        scopes: Vec<Scope>,
    },
    /// By sitting at the machine (the command line).
    Operator,
}

impl Credential {
    /// What it narrows its owner's rights to; `None`: to nothing less than they are.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Scope]> {
        match self {
            Self::ApiToken { scopes, .. } | Self::Grant { scopes, .. } => Some(scopes),
            Self::Session(_) | Self::Operator => None,
        }
    }
}

impl Caller {
    /// Whether the caller sees everybody's tickets, internal notes and drafts.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.role.is_staff()
    }

    /// Which tickets the caller may see.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        if self.is_staff() { Visibility::All } else { Visibility::Own(self.user_id) }
    }
}

/// Which tickets someone may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Every ticket, internal notes included.
    All,
    /// Those that this person requested, without internal notes.
    Own(UserId),
}

impl Visibility {
    /// Whether internal notes are shown.
    #[must_use]
    pub const fn sees_internal(self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether a ticket of this requester is shown.
    #[must_use]
    pub fn sees(self, requester: UserId) -> bool {
        match self {
            Self::All => true,
            Self::Own(me) => me == requester,
        }
    }
}
