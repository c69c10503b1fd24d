//! Reading real files.

mod recordings;
