//! What administrators do, and what the clock does.

use atc_core::{
    job::{AttemptEnd, JobState, NewJob},
    page::{Limit, PageRequest},
};
use atc_store::{JobFilter, QueueCount};
use atc_testkit::{TestDb, on_both_engines};

use super::{LONG, add, claim_one, find, job, write};
use crate::fixtures::minutes;

on_both_engines![
    a_cancelled_run_writes_nothing_more,
    what_failed_can_be_tried_again,
    a_running_job_is_not_deleted,
    jobs_are_counted_and_listed,
    old_jobs_are_forgotten_unless_they_failed,
    a_schedule_advances_once,
];

async fn a_cancelled_run_writes_nothing_more(db: &TestDb) {
    let store = &db.store;
    add(store, &job("known.v1")).await;
    let attempt = claim_one(store, LONG).await.attempt;
    assert!(write!(store, cancel(attempt.job)));
    assert!(!write!(store, heartbeat(attempt, LONG)));
    assert!(!write!(store, complete(attempt)));
    assert!(!write!(store, cancel(attempt.job)));
    assert_eq!(find(store, attempt.job).await.state, JobState::Cancelled);
    let history = store.jobs().attempts(attempt.job).await.unwrap();
    assert_eq!(history[0].end, Some(AttemptEnd::Cancelled));
}

async fn what_failed_can_be_tried_again(db: &TestDb) {
    let store = &db.store;
    let keyed = || NewJob { unique_key: Some("k".to_owned()), ..job("known.v1") };
    add(store, &keyed()).await;
    let attempt = claim_one(store, LONG).await.attempt;
    assert!(write!(store, fail(attempt, "no such file")));
    let failed = find(store, attempt.job).await;
    assert_eq!(
        (failed.state, failed.last_error.as_deref()),
        (JobState::Failed, Some("no such file"))
    );
    // Another of its key waits now: the two must not run beside each other.
    let other = keyed();
    add(store, &other).await;
    let tx = store.begin().await.unwrap();
    assert!(tx.jobs().retry_now(attempt.job).await.unwrap_err().is_taken("unique_key"));
    drop(tx);
    assert!(write!(store, cancel(other.id)));
    assert!(write!(store, retry_now(attempt.job)));
    let again = claim_one(store, LONG).await;
    assert_eq!((again.attempt.job, again.number), (attempt.job, 1));
    assert!(!write!(store, retry_now(attempt.job)), "it runs");
}

async fn a_running_job_is_not_deleted(db: &TestDb) {
    let store = &db.store;
    add(store, &job("known.v1")).await;
    let attempt = claim_one(store, LONG).await.attempt;
    assert!(!write!(store, delete(attempt.job)));
    assert!(write!(store, complete(attempt)));
    assert!(write!(store, delete(attempt.job)));
    assert_eq!(store.jobs().find(attempt.job).await.unwrap(), None);
    assert_eq!(store.jobs().attempts(attempt.job).await.unwrap(), []);
}

async fn jobs_are_counted_and_listed(db: &TestDb) {
    let store = &db.store;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let new = job("known.v1");
        add(store, &new).await;
        ids.insert(0, new.id);
    }
    let running = claim_one(store, LONG).await.attempt;
    assert_eq!(Some(&running.job), ids.last());
    let count = |state, count| QueueCount { queue: "default".to_owned(), state, count };
    assert_eq!(
        store.jobs().counts().await.unwrap(),
        [count(JobState::Ready, 2), count(JobState::Running, 1)]
    );
    let mut request =
        PageRequest { limit: Limit::new(2).unwrap(), after: None, include_total: true };
    let first = store.jobs().list(&JobFilter::default(), request).await.unwrap();
    assert_eq!(first.total, Some(3));
    request.after = first.next;
    let second = store.jobs().list(&JobFilter::default(), request).await.unwrap();
    assert_eq!(second.next, None);
    let listed = first.items.iter().chain(&second.items).map(|j| j.id).collect::<Vec<_>>();
    assert_eq!(listed, ids);
    request.after = None;
    let filter = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
    let found = store.jobs().list(&filter, request).await.unwrap();
    assert_eq!(found.items.iter().map(|j| j.id).collect::<Vec<_>>(), [running.job]);
}

async fn old_jobs_are_forgotten_unless_they_failed(db: &TestDb) {
    let store = &db.store;
    for _ in 0..2 {
        add(store, &job("known.v1")).await;
    }
    let done = claim_one(store, LONG).await.attempt;
    write!(store, complete(done));
    let failed = claim_one(store, LONG).await.attempt;
    write!(store, fail(failed, "for good"));
    let now = store.jobs().now().await.unwrap();
    assert_eq!(write!(store, delete_finished(now - minutes(60))), 0);
    assert_eq!(write!(store, delete_finished(now + minutes(60))), 1);
    assert_eq!(find(store, failed.job).await.state, JobState::Failed);
}

async fn a_schedule_advances_once(db: &TestDb) {
    let store = &db.store;
    let begin = store.jobs().now().await.unwrap();
    let (name, cron) = ("sweep.v1", "0 * * * *");
    assert_eq!(store.jobs().schedule(name, cron).await.unwrap(), None);
    write!(store, begin_schedule(name, cron, begin));
    write!(store, begin_schedule(name, cron, begin + minutes(9)));
    assert_eq!(store.jobs().schedule(name, cron).await.unwrap(), Some(begin));
    let next = begin + minutes(60);
    assert!(write!(store, advance_schedule(name, begin, next)));
    assert!(!write!(store, advance_schedule(name, begin, next)), "someone else did");
    // Another pattern begins anew.
    write!(store, begin_schedule(name, "5 * * * *", begin));
    assert_eq!(store.jobs().schedule(name, cron).await.unwrap(), None);
    assert_eq!(store.jobs().schedule(name, "5 * * * *").await.unwrap(), Some(begin));
}
