//! The rows as they stand in the database. Nothing outside this crate sees them: each table family
//! turns them into the types of `atc_core`.

pub mod api_token;
pub mod article;
pub mod category;
pub mod comment;
pub mod file;
pub mod session;
pub mod team;
pub mod team_member;
pub mod ticket;
pub mod user;
