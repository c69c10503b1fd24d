//! A clock that is set back makes nothing wait for what it said before.

use std::time::Duration;

use atc_core::job::JobState;
use atc_testkit::{TestDb, on_both_engines};

use super::{LONG, OVER, add, claim, claim_one, find, job, write};

on_both_engines![what_waits_for_a_time_that_was_called_off_is_due, a_right_clock_changes_nothing];

/// As if all that stands in the table had been written by a clock two hours ahead.
async fn set_back(db: &TestDb) {
    let columns = ["run_at", "created_at", "started_at", "lease_until"];
    let shifts = columns.map(|column| format!("{column} = {column} + 7200000"));
    db.execute(&format!("UPDATE jobs SET {}", shifts.join(", "))).await;
    db.execute("UPDATE job_schedules SET last_at = last_at + 7200000").await;
}

async fn what_waits_for_a_time_that_was_called_off_is_due(db: &TestDb) {
    let (running, waiting) = (job("known.v1"), job("known.v1"));
    add(&db.store, &running).await;
    let first = claim_one(&db.store, LONG).await;
    add(&db.store, &waiting).await;
    let now = db.store.jobs().now().await.unwrap();
    write!(db.store, begin_schedule("nightly", "* * * * *", now));
    set_back(db).await;
    assert_eq!(claim(&db.store, 10, LONG).await, [], "it waits for two hours");

    assert_eq!(write!(db.store, clock_was_set_back(OVER)), 3);
    assert_eq!(claim_one(&db.store, LONG).await.attempt.job, waiting.id);
    // Whoever runs a job still has it, and its lease is no longer than any.
    let expired = db.store.jobs().expired(None, 10).await.unwrap();
    assert_eq!(expired[0].1, Some(first.attempt));
    assert!(write!(db.store, heartbeat(first.attempt, LONG)));
    assert_eq!(find(&db.store, running.id).await.state, JobState::Running);
    let last = db.store.jobs().schedule("nightly", "* * * * *").await.unwrap().unwrap();
    assert!(last <= db.store.jobs().now().await.unwrap());
    assert_eq!(write!(db.store, clock_was_set_back(LONG * 2)), 0);
}

async fn a_right_clock_changes_nothing(db: &TestDb) {
    let running = job("known.v1");
    add(&db.store, &running).await;
    claim_one(&db.store, LONG).await;
    add(&db.store, &job("known.v1")).await;
    let mut later = job("known.v1");
    later.run_at = Some(db.store.jobs().now().await.unwrap() + Duration::from_hours(2));
    add(&db.store, &later).await;
    assert_eq!(write!(db.store, clock_was_set_back(LONG)), 0);
    assert_eq!(claim(&db.store, 10, LONG).await.len(), 1);
}
