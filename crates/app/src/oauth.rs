//! Letting other programs act for people: the authorization server (OAuth 2.1, draft-ietf-oauth-v2-1-13) for
//! the one resource that this installation has for them, its MCP server.
//!
//! A program makes itself known ([`clients`]), sends its person to a page where they agree
//! ([`authorization`]), gets a code, and exchanges it for tokens ([`exchange`]). What a person agreed to is a
//! grant: every token is of one, and ends with it.

mod access_token;
mod authorization;
mod clients;
mod document;
mod error;
mod exchange;
mod grants;
mod redirect;

pub use authorization::{Authorization, AuthorizationFault, AuthorizationRequest, Return};
pub use clients::NewClient;
pub use error::{OauthError, OauthErrorCode};
pub use exchange::{TokenRequest, Tokens};
pub use redirect::{Place, RedirectUri};

pub(crate) use access_token::GrantTokens;
pub(crate) use clients::{UNUSED_KEPT, USED_KEPT};
pub(crate) use grants::end_all;

use atc_core::token::Scope;

/// What a program is let do that does not say what it wants: what an assistant needs that works on
/// tickets, files and articles.
pub const USUAL_SCOPES: [Scope; 5] = [
    Scope::TicketsRead,
    Scope::TicketsWrite,
    Scope::FilesRead,
    Scope::FilesWrite,
    Scope::KnowledgeRead,
];

/// Under which addresses programs know this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthSite {
    /// The authorization server (RFC 8414, `issuer`).
    pub issuer: String,
    /// What its tokens are for (RFC 8707, `resource`).
    pub resource: String,
}

/// Scopes as they are sent: with a space between.
#[must_use]
pub fn scope_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// The scopes that are known of those that were sent, each once.
fn known_scopes(text: &str) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for scope in text.split_ascii_whitespace().filter_map(|word| word.parse().ok()) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}
