//! Tickets, from the first word to the last comment.

mod comments;
mod create;
mod create_from_text;
mod delete;
mod events;
mod import;
mod read;
mod route;
mod triage;
mod update;

pub use import::ImportOutcome;
pub use read::SimilarTicket;

pub(crate) use route::Routed;
