//! What this room keeps outside the process, with the real thing behind it.

mod redis_limiter;
