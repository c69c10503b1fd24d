//! The limiter against a real Redis server: shared, and falling back when the server is away.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use atc_core::ports::{Limit, RateLimiter};
use atc_platform::limiter::{LocalLimiter, RedisLimiter};
use atc_testkit::{ManualClock, RedisServer};
use chrono::TimeDelta;

const LIMIT: Limit = Limit { requests: 5, window_s: 3600 };

fn limiter(server: &RedisServer, clock: &Arc<ManualClock>) -> RedisLimiter {
    let local = LocalLimiter::new(clock.clone(), 1_000);
    RedisLimiter::new(&server.url(), clock.clone(), local).unwrap()
}

async fn allowed(limiter: &RedisLimiter, key: &str, times: usize) -> usize {
    let mut count = 0;
    for _ in 0..times {
        count += usize::from(limiter.hit(key, LIMIT).await.allowed);
    }
    count
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-31T12:00:00Z"))
}

#[tokio::test]
async fn two_processes_share_one_limit() {
    let Some(server) = RedisServer::start() else { return };
    let clock = clock();
    let (one, other) = (limiter(&server, &clock), limiter(&server, &clock));
    assert_eq!(one.hit("k", LIMIT).await.remaining, 4);
    assert_eq!(allowed(&one, "k", 2).await, 2);
    assert_eq!(allowed(&other, "k", 4).await, 2);
    let refused = one.hit("k", LIMIT).await;
    assert!(!refused.allowed && (1..=3600 * 2).contains(&refused.reset_s), "{refused:?}");
    assert_eq!(allowed(&one, "another key", 1).await, 1);
    assert_eq!(one.degraded(), None);
}

#[tokio::test]
async fn a_server_that_dies_is_replaced_by_counting_here_until_it_is_back() {
    let Some(mut server) = RedisServer::start() else { return };
    let clock = clock();
    let limiter = limiter(&server, &clock);
    assert_eq!(allowed(&limiter, "k", 1).await, 1);
    server.signal("-KILL");
    assert_eq!(allowed(&limiter, "k", 10).await, 5, "this process has its own count");
    assert!(limiter.degraded().is_some_and(|why| why.contains("REDIS_URL")));

    server.restart();
    let deadline = Instant::now() + Duration::from_secs(20);
    while limiter.degraded().is_some() {
        assert!(Instant::now() < deadline, "the server is back, and is not used");
        clock.advance(TimeDelta::seconds(2));
        limiter.hit("k", LIMIT).await;
    }
    assert_eq!(allowed(&limiter, "fresh", 6).await, 5);
}

#[tokio::test]
async fn a_server_that_hangs_does_not_hold_up_requests() {
    let Some(server) = RedisServer::start() else { return };
    let clock = clock();
    let limiter = limiter(&server, &clock);
    assert_eq!(allowed(&limiter, "k", 1).await, 1);
    server.signal("-STOP");
    let started = Instant::now();
    assert_eq!(allowed(&limiter, "k", 100).await, 5);
    let waited = started.elapsed();
    server.signal("-CONT");
    // One request found out, and the others did not ask; hundreds of time-outs would take minutes.
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    assert!(limiter.degraded().is_some());
}

#[tokio::test]
async fn a_server_that_was_never_there_is_no_reason_not_to_begin() {
    let clock = clock();
    let local = LocalLimiter::new(clock.clone(), 1_000);
    let limiter = RedisLimiter::new("redis://127.0.0.1:1", clock, local).unwrap();
    assert_eq!(allowed(&limiter, "k", 10).await, 5);
    assert!(limiter.degraded().is_some());
    let local = LocalLimiter::new(self::clock(), 1_000);
    assert!(RedisLimiter::new("no address", self::clock(), local).is_err());
}
