//! Other programs that act for people (OAuth 2.1).

mod clients;
mod codes;
mod grants;

pub use clients::OauthClients;
pub use codes::{OauthCode, OauthCodes};
pub use grants::{Grants, StoredGrant};
