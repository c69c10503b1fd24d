//! Servers of others whose tools agents may use: MCP over streamable HTTP, through the guarded door outwards.
//!
//! Whatever such a server sends is a stranger's: how much is read, how long it may take, and what is made of
//! it is bounded here. Each list and each call is a session of its own, so that nothing of a server is kept
//! open between them and each connection is looked at anew. Nothing is offered back: no sampling, no
//! elicitation, no roots, no stream beside the answers.

mod breaker;
mod client;
mod door;
mod found;
mod result;
mod session;

pub use client::{Bounds, ToolClient};
