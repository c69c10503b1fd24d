//! Files.

pub(super) mod content;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod link;
pub(super) mod linked;
pub(super) mod list;
pub(super) mod reprocess;
pub(super) mod upload;
pub(super) mod uploads;
