//! Rate limits of this process.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use atc_core::ports::{BoxFuture, Clock, Decision, Limit, RateLimiter};

use super::Counters;

const SHARDS: usize = 16;

/// Counts in this process. Bounded: when a shard is full, the keys that are not in use go first, and
/// then the shard starts anew.
pub struct LocalLimiter {
    clock: Arc<dyn Clock>,
    /// Keys by their hash under a secret seed: 64 bits, which nobody can make collide.
    shards: Vec<Mutex<HashMap<u64, Entry>>>,
    hasher: RandomState,
    most_keys: usize,
}

struct Entry {
    counters: Counters,
    window_s: u32,
}

impl LocalLimiter {
    /// A limiter that remembers at most so many keys.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, most_keys: usize) -> Self {
        Self {
            clock,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            most_keys: (most_keys / SHARDS).max(1),
        }
    }

    /// Counts one request under `key`.
    pub fn hit_now(&self, key: &str, limit: Limit) -> Decision {
        let now_ms = self.clock.now().timestamp_millis();
        let hash = self.hasher.hash_one(key);
        #[expect(clippy::cast_possible_truncation, reason = "a remainder below SHARDS")]
        let shard = &self.shards[(hash % SHARDS as u64) as usize];
        let mut keys = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= self.most_keys && !keys.contains_key(&hash) {
            keys.retain(|_, e| e.counters.window + 1 >= now_ms / (i64::from(e.window_s) * 1000));
            if keys.len() >= self.most_keys {
                keys.clear();
            }
        }
        let fresh = Entry { counters: Counters::default(), window_s: limit.window_s.max(1) };
        keys.entry(hash).or_insert(fresh).counters.hit(limit, now_ms)
    }
}

impl RateLimiter for LocalLimiter {
    fn hit<'a>(&'a self, key: &'a str, limit: Limit) -> BoxFuture<'a, Decision> {
        Box::pin(std::future::ready(self.hit_now(key, limit)))
    }

    fn degraded(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atc_testkit::ManualClock;
    use chrono::TimeDelta;

    #[tokio::test]
    async fn keys_are_counted_apart_and_forgotten_when_idle() {
        let clock = Arc::new(ManualClock::at("2026-01-31T12:00:00Z"));
        let limiter = LocalLimiter::new(clock.clone(), 64);
        let limit = Limit { requests: 1, window_s: 60 };
        assert!(limiter.hit("a", limit).await.allowed);
        assert!(!limiter.hit("a", limit).await.allowed);
        assert!(limiter.hit("b", limit).await.allowed);
        clock.advance(TimeDelta::seconds(120));
        assert!(limiter.hit("a", limit).await.allowed);
        for n in 0..10_000 {
            limiter.hit(&n.to_string(), limit).await;
        }
        let kept: usize = limiter.shards.iter().map(|s| s.lock().unwrap().len()).sum();
        assert!(kept <= 64, "{kept}");
    }
}
