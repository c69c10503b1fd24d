//! What people see who watch: workers, waits, and how attempts ended over time.

use std::{collections::BTreeMap, time::Duration};

use atc_core::job::{AttemptEnd, NewJob, Queue};
use atc_store::QueueWait;
use atc_testkit::{TestDb, on_both_engines};

use super::{LONG, OVER, add, claim_one, job, write};
use crate::fixtures::minutes;

on_both_engines![
    workers_are_listed_as_long_as_they_live,
    what_waits_is_told_by_queue,
    queues_are_known_by_their_jobs_or_by_having_been_held,
    attempts_are_counted_by_slots,
    a_job_that_waited_says_how_long,
];

async fn workers_are_listed_as_long_as_they_live(db: &TestDb) {
    let store = &db.store;
    let places = BTreeMap::from([("default".to_owned(), 2)]);
    write!(store, worker_seen("1-a", "here", &places, LONG));
    write!(store, worker_seen("2-b", "there", &places, OVER));
    let first = store.jobs().workers().await.unwrap();
    let seen: Vec<_> = first.iter().map(|w| (w.name.as_str(), w.host.as_str(), w.alive)).collect();
    assert_eq!(seen, [("1-a", "here", true), ("2-b", "there", false)]);
    assert_eq!(first[0].places, places);
    write!(store, worker_seen("2-b", "there", &places, LONG));
    let second = store.jobs().workers().await.unwrap();
    assert!(second[1].alive && second[1].started_at == first[1].started_at);
    write!(store, worker_gone("1-a"));
    let left = store.jobs().workers().await.unwrap();
    assert_eq!(left.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), ["2-b"]);
}

async fn what_waits_is_told_by_queue(db: &TestDb) {
    let store = &db.store;
    assert_eq!(store.jobs().waits().await.unwrap(), []);
    let now = store.jobs().now().await.unwrap();
    let due = now - minutes(2);
    for run_at in [due, now + minutes(60), now + minutes(90)] {
        add(store, &NewJob { run_at: Some(run_at), ..job("known.v1") }).await;
    }
    let wait = QueueWait { queue: "default".to_owned(), due: 1, later: 2, first_run_at: due };
    assert_eq!(store.jobs().waits().await.unwrap(), [wait]);
}

async fn queues_are_known_by_their_jobs_or_by_having_been_held(db: &TestDb) {
    let store = &db.store;
    let [mails, files] = ["mails", "files"].map(|name| Queue::parse(name).unwrap());
    assert!(!store.jobs().knows_queue(&mails).await.unwrap());
    add(store, &NewJob { queue: mails.clone(), ..job("known.v1") }).await;
    write!(store, set_paused(&files, true));
    write!(store, set_paused(&files, false));
    assert!(store.jobs().knows_queue(&mails).await.unwrap());
    assert!(store.jobs().knows_queue(&files).await.unwrap());
}

async fn attempts_are_counted_by_slots(db: &TestDb) {
    let store = &db.store;
    for _ in 0..4 {
        add(store, &job("known.v1")).await;
    }
    for _ in 0..2 {
        let done = claim_one(store, LONG).await.attempt;
        write!(store, complete(done));
    }
    let failed = claim_one(store, LONG).await.attempt;
    write!(store, fail(failed, "for good"));
    claim_one(store, LONG).await; // It still runs: it has no time yet.
    let slot = Duration::from_hours(24);
    let now = store.jobs().now().await.unwrap();
    for counted in [
        store.jobs().run_times(now - minutes(60), slot).await.unwrap(),
        store.jobs().wait_times(now - minutes(60), slot).await.unwrap(),
    ] {
        let sum = |end| -> u64 { counted.iter().filter(|c| c.end == end).map(|c| c.count).sum() };
        assert_eq!((sum(AttemptEnd::Done), sum(AttemptEnd::Failed)), (2, 1), "{counted:?}");
        assert!(counted.iter().all(|c| c.slot.timestamp() % 86_400 == 0), "{counted:?}");
    }
    assert_eq!(store.jobs().run_times(now + minutes(1), slot).await.unwrap(), []);
}

async fn a_job_that_waited_says_how_long(db: &TestDb) {
    let store = &db.store;
    let now = store.jobs().now().await.unwrap();
    add(store, &NewJob { run_at: Some(now - minutes(3)), ..job("known.v1") }).await;
    let attempt = claim_one(store, LONG).await.attempt;
    write!(store, complete(attempt));
    let attempts = store.jobs().attempts(attempt.job).await.unwrap();
    let waited = attempts[0].waited_ms.unwrap();
    assert!((180_000..240_000).contains(&waited), "{waited}");
    let counted = store.jobs().wait_times(now - minutes(60), LONG).await.unwrap();
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].step, atc_core::job::Latencies::step(i64::try_from(waited).unwrap()));
}
