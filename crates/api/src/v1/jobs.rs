//! Jobs, for administrators.

pub(super) mod cancel;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod overview;
pub(super) mod retry;
