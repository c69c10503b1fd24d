//! Finding things by their words and by their meaning.

mod analysis;
mod articles;
mod index;
mod query;
mod snippet;
mod term_set;
mod term_weights;
mod tickets;
mod vector_index;

pub use articles::ArticleQuery;
pub use index::SearchUse;
pub use tickets::{SimilarHit, SimilarQuery};

pub(crate) use analysis::{TicketText, TitledText, terms, tsvector, words};
pub(crate) use index::SearchIndex;
pub(crate) use query::{Need, Reach, TextQuery, Within, alone, telling_terms, text_condition};
pub(crate) use term_set::{TermSet, term_key};
pub(crate) use term_weights::TermWeights;
pub(crate) use vector_index::{SignCode, VectorIndex, sign_code};
