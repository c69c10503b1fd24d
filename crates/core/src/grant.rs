//! What people let other programs do in their name (OAuth 2.1).

use chrono::{DateTime, Utc};

use crate::{
    id::{GrantId, UserId},
    text::Name,
    token::Scope,
};

/// Another program, as it made itself known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthClient {
    /// Its identity: given by us, or the address of the document that describes it.
    pub id: String,
    /// What it calls itself; nobody vouches for that.
    pub name: Name,
    /// Where an answer may lead to.
    pub redirect_uris: Vec<String>,
    /// Until when the document at its address is not read again; `None` for one that made itself
    /// known here.
    pub fresh_until: Option<DateTime<Utc>>,
    /// When it became known.
    pub created_at: DateTime<Utc>,
}

/// What a person lets another program do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identity.
    pub id: GrantId,
    /// In whose name.
    pub user_id: UserId,
    /// Which program.
    pub client_id: String,
    /// What the program called itself when the person agreed.
    pub client_name: Name,
    /// Where the answer led to, as the person saw it.
    pub client_place: String,
    /// The server that it is good for.
    pub resource: String,
    /// What it is good for; never broader than the person.
    pub scopes: Vec<Scope>,
    /// When the person agreed.
    pub created_at: DateTime<Utc>,
    /// When it was last renewed.
    pub renewed_at: DateTime<Utc>,
    /// When it ends unless it is renewed.
    pub expires_at: DateTime<Utc>,
}
