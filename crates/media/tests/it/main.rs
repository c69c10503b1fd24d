//! Reading files for real.

mod documents;
mod recordings;
