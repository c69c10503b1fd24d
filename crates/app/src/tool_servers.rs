//! Servers of others whose tools agents may use.
//!
//! An administrator adds a server and allows single tools of it. What agents are offered is what was seen then:
//! the words of a server never reach a model unseen. A tool of which the server says something else than when
//! it was allowed is suspended until it is allowed again.

mod call;
mod check;
mod manage;
mod offer;
mod record;
mod secrets;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use atc_core::{
    id::ToolServerId,
    tool_server::{ServerTool, ToolServer},
};
use tokio::time::Instant;

pub use offer::AllowedTool;

/// How long a server that was found unchanged is believed to be so.
const SEEN_FOR: Duration = Duration::from_mins(5);

/// A server with all its tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolServerDetail {
    /// The server.
    pub server: ToolServer,
    /// Its tools, by name.
    pub tools: Vec<ServerTool>,
}

/// Which servers were found unchanged a moment ago, by this process.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<ToolServerId, Instant>>);

impl Seen {
    fn note(&self, id: ToolServerId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Instant::now());
    }

    fn forget(&self, id: ToolServerId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn lately(&self, id: ToolServerId) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&id).is_some_and(|at| at.elapsed() < SEEN_FOR)
    }
}
