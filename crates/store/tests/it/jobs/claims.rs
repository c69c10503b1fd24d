//! Adding and taking jobs.

use std::collections::HashSet;

use atc_core::job::{Enqueued, JobState, NewJob};
use atc_testkit::{TestDb, on_both_engines};

use super::{LONG, add, claim, claim_one, find, job, queue, write};
use crate::fixtures::minutes;

on_both_engines![
    concurrent_claims_never_give_a_job_twice,
    an_unknown_kind_is_left_alone,
    a_job_of_a_transaction_that_is_undone_never_was,
    a_key_is_unique_while_its_job_is_open,
    many_add_one_key_at_once,
    what_is_due_later_waits,
    a_paused_queue_gives_nothing,
    a_bad_row_holds_up_nobody,
];

async fn concurrent_claims_never_give_a_job_twice(db: &TestDb) {
    for _ in 0..60 {
        add(&db.store, &job("known.v1")).await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = db.store.clone();
        workers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let some = claim(&store, 3, LONG).await;
                if some.is_empty() {
                    return mine;
                }
                mine.extend(some.into_iter().map(|job| job.attempt.job));
            }
        });
    }
    let all: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    // A worker that finds every row locked gives up early; what it left is still there.
    let rest = claim(&db.store, 100, LONG).await;
    assert_eq!(all.len() + rest.len(), 60);
}

async fn an_unknown_kind_is_left_alone(db: &TestDb) {
    let newer = job("newer.v1");
    add(&db.store, &newer).await;
    let known = job("known.v1");
    add(&db.store, &known).await;
    let claimed = claim(&db.store, 10, LONG).await;
    assert_eq!(claimed.iter().map(|j| j.attempt.job).collect::<Vec<_>>(), [known.id]);
    let left = find(&db.store, newer.id).await;
    assert_eq!((left.state, left.attempt), (JobState::Ready, 0));
}

async fn a_job_of_a_transaction_that_is_undone_never_was(db: &TestDb) {
    let tx = db.store.begin().await.unwrap();
    tx.jobs().enqueue(&job("known.v1")).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(claim(&db.store, 1, LONG).await, []);
}

async fn a_key_is_unique_while_its_job_is_open(db: &TestDb) {
    let keyed = || NewJob { unique_key: Some("file:1".to_owned()), ..job("known.v1") };
    let first = keyed();
    assert_eq!(add(&db.store, &first).await, Enqueued::Added(first.id));
    assert_eq!(add(&db.store, &keyed()).await, Enqueued::Present(first.id));
    let running = claim_one(&db.store, LONG).await;
    assert_eq!(add(&db.store, &keyed()).await, Enqueued::Present(first.id));
    assert!(write!(db.store, complete(running.attempt)));
    let second = keyed();
    assert_eq!(add(&db.store, &second).await, Enqueued::Added(second.id));
}

async fn many_add_one_key_at_once(db: &TestDb) {
    let mut adders = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = db.store.clone();
        adders.spawn(async move {
            add(&store, &NewJob { unique_key: Some("k".to_owned()), ..job("known.v1") }).await
        });
    }
    let ids: HashSet<_> = adders.join_all().await.into_iter().map(Enqueued::id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(claim(&db.store, 10, LONG).await.len(), 1);
}

async fn what_is_due_later_waits(db: &TestDb) {
    let now = db.store.jobs().now().await.unwrap();
    add(&db.store, &NewJob { run_at: Some(now + minutes(5)), ..job("known.v1") }).await;
    assert_eq!(claim(&db.store, 1, LONG).await, []);
    let due = NewJob { run_at: Some(now - minutes(5)), ..job("known.v1") };
    add(&db.store, &due).await;
    assert_eq!(claim_one(&db.store, LONG).await.attempt.job, due.id);
}

async fn a_paused_queue_gives_nothing(db: &TestDb) {
    add(&db.store, &job("known.v1")).await;
    write!(db.store, set_paused(&queue(), true));
    assert_eq!(db.store.jobs().paused_queues().await.unwrap(), ["default"]);
    assert_eq!(claim(&db.store, 1, LONG).await, []);
    write!(db.store, set_paused(&queue(), false));
    assert_eq!(claim(&db.store, 1, LONG).await.len(), 1);
}

async fn a_bad_row_holds_up_nobody(db: &TestDb) {
    let (bad, good) = (job("known.v1"), job("known.v1"));
    add(&db.store, &bad).await;
    db.execute("UPDATE jobs SET max_attempts = 1000000").await;
    add(&db.store, &good).await;
    let claimed = claim(&db.store, 10, LONG).await;
    assert_eq!(claimed.iter().map(|j| j.attempt.job).collect::<Vec<_>>(), [good.id]);
    let aside = find(&db.store, bad.id).await;
    assert_eq!(aside.state, JobState::Failed);
    assert!(aside.last_error.unwrap().contains("max_attempts"));
}
