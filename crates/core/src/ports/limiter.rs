//! Rate limits.

use crate::ports::BoxFuture;

/// So many requests in a sliding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most requests of a window; 0 switches the limit off.
    pub requests: u32,
    /// The length of the window in seconds.
    pub window_s: u32,
}

/// What a limiter says of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// How many more may follow at once.
    pub remaining: u32,
    /// Seconds until the window is as good as empty, or, where refused, until a request will be
    /// allowed.
    pub reset_s: u32,
}

/// Counts requests by key in a sliding window.
pub trait RateLimiter: Send + Sync {
    /// Counts one request under `key` and says whether it may go on. Never fails: an
    /// implementation that loses its server counts locally instead of letting everything through.
    fn hit<'a>(&'a self, key: &'a str, limit: Limit) -> BoxFuture<'a, Decision>;

    /// `None` when all is well, else why it is degraded.
    fn degraded(&self) -> Option<String>;
}
