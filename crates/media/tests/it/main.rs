//! Reading files for real.

mod documents;
