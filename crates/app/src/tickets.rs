//! Tickets, from the first word to the last comment.

mod advise;
mod analyze_file;
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

pub use analyze_file::FileAnalysis;
pub use import::ImportOutcome;
pub use read::SimilarTicket;

pub(crate) use advise::AdviseTicket;
pub(crate) use create::catch_all;
pub(crate) use events::append as append_ticket_event;
pub(crate) use route::Routed;
pub(crate) use triage::{Reader, TriageAgain};
pub(crate) use update::change_status;
