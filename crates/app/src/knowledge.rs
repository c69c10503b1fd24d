//! The knowledge base.

mod articles;
pub(crate) mod passages;
mod search;
