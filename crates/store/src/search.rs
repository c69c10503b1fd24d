//! Finding things by their words and by their meaning.

mod analysis;
mod articles;
mod query;
mod tickets;
mod vector_index;

pub use articles::ArticleQuery;
pub use tickets::{SimilarHit, SimilarQuery};

pub(crate) use analysis::{TicketText, terms, tsvector};
pub(crate) use query::{Reach, TextQuery, text_condition};
pub(crate) use vector_index::{VectorIndex, sign_code};
