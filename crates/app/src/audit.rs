//! The audit trail: sealed behind its writers, verified and written out.
//!
//! Entries are written in the transaction of what they tell. A job puts seals over them afterwards, each
//! holding the hash of the one before: nobody has to wait in a line for the head of a chain, and whoever
//! changes, adds, moves or deletes a sealed entry breaks every seal from there on. Who can rewrite the whole
//! database can rewrite all seals; against that, the newest hash is logged, so that it can be kept elsewhere.

mod chain;
mod seal;
mod verify;

pub(crate) use seal::SealAudit;
pub use verify::{AuditFault, Verified};
