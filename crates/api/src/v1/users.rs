//! Accounts, for administrators.

pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod update;
