//! Talking with the customer support agent.

pub(super) mod approve;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod reject;
pub(super) mod say;
mod stream;
