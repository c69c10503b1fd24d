//! A database that does not answer in time: 503, and when to try again.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use atc_store::{Config, Store};
use atc_testkit::{Answer, TestApp, TestDb};
use serde_json::json;

use crate::fixtures::people;

/// Far more than the time-outs of these tests.
const SOON: Duration = Duration::from_secs(5);

async fn impatient(url: &str, statement_timeout_ms: u64, acquire_timeout_ms: u64) -> Store {
    let config = TestDb::config(url);
    let bounds = Config { max_connections: 2, statement_timeout_ms, acquire_timeout_ms, ..config };
    Store::connect(bounds).await.expect("the database opens")
}

fn refused_for_now(answer: Answer, started: Instant) {
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    let answer = answer.expect(503);
    assert_eq!(answer.problem(), "unavailable");
    assert_eq!(answer.header("retry-after"), "2");
}

/// Nobody reads tickets while this runs.
const LOCK: &str = "BEGIN; LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE";
/// Ends when two wait for the lock.
const TWO_WAIT: &str = "DO $$ BEGIN WHILE (SELECT count(*) FROM pg_stat_activity \
     WHERE datname = current_database() AND wait_event_type = 'Lock') < 2 \
     LOOP PERFORM pg_sleep(.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_refused_for_now() {
    let Some(mut db) = TestDb::postgres().await else { return };
    db.store = impatient(&db.url, 300, 10_000).await;
    let app = TestApp::new(&db);
    let user = people(&app).await.user;
    let lock = db.hold(LOCK).await;
    let started = Instant::now();
    refused_for_now(app.get("/tickets").bearer(&user).await, started);
    lock.release().await;
    app.get("/tickets").bearer(&user).await.expect(200);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_no_connection_in_time_is_refused_for_now() {
    let Some(mut db) = TestDb::postgres().await else { return };
    db.store = impatient(&db.url, 10_000, 300).await;
    let app = TestApp::new(&db);
    let user = people(&app).await.user;
    let lock = db.hold(LOCK).await;
    let list = || app.get("/tickets").bearer(&user).into_future();
    let third = async {
        // Both connections are taken when the others wait for the lock.
        db.execute(TWO_WAIT).await;
        let started = Instant::now();
        refused_for_now(list().await, started);
        lock.release().await;
    };
    let (one, two, ()) = tokio::join!(list(), list(), third);
    one.expect(200);
    two.expect(200);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_too_long_to_write_is_refused_for_now() {
    let mut db = TestDb::sqlite().await;
    db.store = impatient(&db.url, 0, 300).await;
    let app = TestApp::new(&db);
    let user = people(&app).await.user;
    let writing = db.hold("BEGIN IMMEDIATE").await;
    let new = json!({"title": "It hangs", "description": "All day.", "category": "bug"});
    let started = Instant::now();
    refused_for_now(app.post("/tickets").bearer(&user).json(&new).await, started);
    app.get("/tickets").bearer(&user).await.expect(200);
    writing.release().await;
    app.post("/tickets").bearer(&user).json(&new).await.expect(201);
    db.close().await;
}
