//! Jobs: each is run by one worker at a time, none is lost, and nobody holds up the others.

mod claims;
mod clock;
mod leases;
mod managing;
mod watching;

use std::time::Duration;

use atc_core::{
    job::{AttemptToken, Enqueued, JobId, JobKind, NewJob, Queue},
    json::RawJson,
};
use atc_store::{Claim, ClaimedJob, Store, StoredJob};

use crate::fixtures::id;

/// Longer than any test.
pub const LONG: Duration = Duration::from_hours(1);
/// Over as soon as it begins.
pub const OVER: Duration = Duration::ZERO;

pub fn queue() -> Queue {
    Queue::parse("default").unwrap()
}

pub fn kind(name: &str) -> JobKind {
    JobKind::parse(name).unwrap()
}

pub fn job(name: &str) -> NewJob {
    NewJob {
        id: JobId(id()),
        queue: queue(),
        kind: kind(name),
        payload: RawJson::empty_object(),
        unique_key: None,
        max_attempts: 5,
        run_at: None,
    }
}

pub async fn add(store: &Store, new: &NewJob) -> Enqueued {
    let tx = store.begin().await.unwrap();
    let enqueued = tx.jobs().enqueue(new).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

pub async fn claim(store: &Store, limit: u16, lease: Duration) -> Vec<ClaimedJob> {
    let tx = store.begin().await.unwrap();
    let (queue, kinds) = (queue(), [kind("known.v1")]);
    let token = AttemptToken(id());
    let claim = Claim { queue: &queue, kinds: &kinds, limit, lease, token, worker: "tester" };
    let jobs = tx.jobs().claim(&claim).await.unwrap();
    tx.commit().await.unwrap();
    jobs
}

pub async fn claim_one(store: &Store, lease: Duration) -> ClaimedJob {
    let mut jobs = claim(store, 1, lease).await;
    jobs.pop().unwrap()
}

pub async fn find(store: &Store, id: JobId) -> StoredJob {
    store.jobs().find(id).await.unwrap().unwrap()
}

/// Runs one call on the jobs of a transaction, and commits it.
macro_rules! write {
    ($store:expr, $method:ident ( $($argument:expr),* )) => {{
        let tx = $store.begin().await.unwrap();
        let result = tx.jobs().$method($($argument),*).await.unwrap();
        tx.commit().await.unwrap();
        result
    }};
}
pub(crate) use write;
