//! Finding things by their words and by their meaning.

mod analysis;
mod query;
mod vector_index;

pub(crate) use analysis::{TicketText, terms, tsvector};
pub(crate) use query::{Reach, TextQuery, text_condition};
pub(crate) use vector_index::{VectorIndex, sign_code};
