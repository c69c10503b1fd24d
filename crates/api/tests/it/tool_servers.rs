//! Servers of others whose tools agents may use: real ones, and ones that mean harm.

mod hostile;
mod managed;
pub mod stranger;
mod used;
