//! Leases, fences, and what becomes of jobs whose worker is gone.

use std::time::Duration;

use atc_core::job::{AttemptEnd, JobState, MOST_DEATHS, NewJob};
use atc_testkit::{TestDb, on_both_engines};

use super::{LONG, OVER, add, claim, claim_one, find, job, write};

on_both_engines![
    a_stale_worker_writes_nothing,
    the_reaper_takes_only_what_is_over,
    the_reaper_does_not_touch_a_successor,
    a_job_that_kills_its_workers_is_dead,
    a_failure_is_tried_again_until_the_limit,
    a_handed_back_attempt_does_not_count,
    a_heartbeat_keeps_the_lease,
];

async fn a_stale_worker_writes_nothing(db: &TestDb) {
    let store = &db.store;
    let new = job("known.v1");
    add(store, &new).await;
    let stale = claim_one(store, OVER).await.attempt;
    assert_eq!(write!(store, reap(stale)), Some(JobState::Ready));
    let successor = claim_one(store, LONG).await.attempt;
    assert_ne!(stale.token, successor.token);
    assert!(!write!(store, heartbeat(stale, LONG)));
    assert!(!write!(store, progress(stale, 50, "half")));
    assert!(!write!(store, complete(stale)));
    assert!(!write!(store, fail(stale, "late")));
    assert_eq!(write!(store, retry_later(stale, OVER, "late")), None);
    assert!(!write!(store, hand_back(stale)));
    let now = find(store, new.id).await;
    assert_eq!((now.state, now.progress, now.attempt), (JobState::Running, None, 2));
    assert!(write!(store, progress(successor, 50, "half")));
    assert_eq!(find(store, new.id).await.progress, Some(50));
    assert!(write!(store, complete(successor)));
    assert!(!write!(store, complete(successor)), "an attempt ends once");
    let ends: Vec<_> = store.jobs().attempts(new.id).await.unwrap();
    let ends: Vec<_> = ends.into_iter().map(|a| (a.number, a.end)).collect();
    assert_eq!(ends, [(1, Some(AttemptEnd::Lost)), (2, Some(AttemptEnd::Done))]);
}

async fn the_reaper_takes_only_what_is_over(db: &TestDb) {
    let store = &db.store;
    for _ in 0..3 {
        add(store, &job("known.v1")).await;
    }
    let live = claim_one(store, LONG).await.attempt;
    let over = claim(store, 2, OVER).await;
    let first = store.jobs().expired(None, 1).await.unwrap();
    assert_eq!(first.len(), 1);
    let rest = store.jobs().expired(Some(first[0].0), 10).await.unwrap();
    let found: Vec<_> = first.iter().chain(&rest).filter_map(|(_, attempt)| *attempt).collect();
    assert_eq!(found, over.iter().map(|j| j.attempt).collect::<Vec<_>>());
    assert_eq!(write!(store, reap(live)), None);
    assert_eq!(find(store, live.job).await.state, JobState::Running);
}

async fn the_reaper_does_not_touch_a_successor(db: &TestDb) {
    let store = &db.store;
    add(store, &job("known.v1")).await;
    let first = claim_one(store, OVER).await.attempt;
    write!(store, reap(first));
    // The second lease is over as well, but another reaper's list still names the first.
    let second = claim_one(store, OVER).await.attempt;
    assert_eq!(write!(store, reap(first)), None);
    assert!(write!(store, complete(second)), "late, but nobody took it over");
    assert_eq!(write!(store, reap(second)), None, "what is done stays done");
    assert_eq!(find(store, second.job).await.state, JobState::Done);
}

async fn a_job_that_kills_its_workers_is_dead(db: &TestDb) {
    let store = &db.store;
    let killer = NewJob { max_attempts: 100, ..job("known.v1") };
    add(store, &killer).await;
    for death in 1..=MOST_DEATHS {
        let attempt = claim_one(store, OVER).await.attempt;
        let state = write!(store, reap(attempt)).unwrap();
        let expected = if death < MOST_DEATHS { JobState::Ready } else { JobState::Dead };
        assert_eq!(state, expected);
    }
    let dead = find(store, killer.id).await;
    assert!(dead.finished_at.is_some() && dead.last_error.is_some());
    let other = job("known.v1");
    add(store, &other).await;
    assert_eq!(claim_one(store, LONG).await.attempt.job, other.id);
}

async fn a_failure_is_tried_again_until_the_limit(db: &TestDb) {
    let store = &db.store;
    let new = NewJob { max_attempts: 2, ..job("known.v1") };
    add(store, &new).await;
    let attempt = claim_one(store, LONG).await.attempt;
    let wait = Duration::from_hours(1);
    assert_eq!(write!(store, retry_later(attempt, wait, "once")), Some(JobState::Ready));
    assert_eq!(claim(store, 1, LONG).await, [], "the wait is stored");
    let waiting = find(store, new.id).await;
    assert!((waiting.run_at - waiting.started_at.unwrap()).num_minutes() >= 59);
    assert_eq!(waiting.last_error.as_deref(), Some("once"));
    // Nobody can wait for it here: an administrator stops it and has it tried again.
    assert!(write!(store, cancel(new.id)) && write!(store, retry_now(new.id)));
    for expected in [JobState::Ready, JobState::Dead] {
        let attempt = claim_one(store, LONG).await.attempt;
        assert_eq!(write!(store, retry_later(attempt, OVER, "again")), Some(expected));
    }
    let history = store.jobs().attempts(new.id).await.unwrap();
    assert_eq!(history.len(), 3);
    assert!(history.iter().all(|a| a.end == Some(AttemptEnd::Retry) && a.error.is_some()));
}

async fn a_handed_back_attempt_does_not_count(db: &TestDb) {
    let store = &db.store;
    let new = NewJob { max_attempts: 1, ..job("known.v1") };
    add(store, &new).await;
    for _ in 0..3 {
        let claimed = claim_one(store, LONG).await;
        assert_eq!(claimed.number, 1);
        assert!(write!(store, hand_back(claimed.attempt)));
    }
    assert_eq!(find(store, new.id).await.state, JobState::Ready);
}

async fn a_heartbeat_keeps_the_lease(db: &TestDb) {
    let store = &db.store;
    add(store, &job("known.v1")).await;
    let attempt = claim_one(store, OVER).await.attempt;
    assert_eq!(store.jobs().expired(None, 10).await.unwrap().len(), 1);
    assert!(write!(store, heartbeat(attempt, LONG)));
    assert_eq!(store.jobs().expired(None, 10).await.unwrap(), []);
    assert_eq!(write!(store, reap(attempt)), None);
}
