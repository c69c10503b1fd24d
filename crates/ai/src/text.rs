//! Taking out of a text what is in it: no word is invented.

mod clean;
mod entities;
mod language;
mod patterns;
mod sentences;
mod summary;
mod title;

pub(crate) use clean::clean;
pub(crate) use entities::{entities, tags};
pub(crate) use language::language;
pub(crate) use summary::summary;
pub(crate) use title::title;
