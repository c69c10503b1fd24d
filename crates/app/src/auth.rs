//! Proving who one is: accounts, logins, tokens.

mod access_token;
mod api_tokens;
mod authenticate;
mod first_admin;
pub(crate) mod jwt;
mod login;
mod operator;
mod password;
mod profile;
mod refresh_token;
mod register;

pub use api_tokens::NewTokenSecret;
pub use authenticate::Authenticated;
pub use login::Session;

pub(crate) use access_token::AccessTokens;
pub(crate) use api_tokens::hash as hash_secret;
pub(crate) use password::Passwords;
pub(crate) use refresh_token::RefreshTokens;
