//! The knowledge base.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod search;
pub(super) mod update;
