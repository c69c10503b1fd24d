//! Queues of jobs, for administrators.

pub(super) mod list;
pub(super) mod pause;
pub(super) mod resume;
