//! The worker: whatever a run does, its job ends in the right state, and the others flow.

use std::{sync::Arc, time::Duration};

use atc_app::{App, HistoryWindow, Job, Registry};
use atc_core::{
    job::{AttemptEnd, AttemptToken, JobId, JobKind, JobState, NewJob, Queue},
    json::RawJson,
    page::PageRequest,
    ports::Wake,
};
use atc_store::{Claim, JobFilter, Store, StoredJob};
use atc_testkit::{TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;

use crate::jobs::{Endless, Failing, Quick, Slow, registry};

on_both_engines![
    a_job_is_done_as_soon_as_it_is_announced,
    failures_are_kept_and_the_others_flow,
    a_cancelled_run_is_dropped,
    an_ending_process_hands_back,
    a_dead_workers_job_is_taken_over,
    a_worker_is_listed_until_it_ends,
    a_full_queue_holds_up_no_other,
    the_clock_adds_a_job_once,
    the_sweep_runs_by_the_clock,
];

/// Waits for a condition; a test that waits too long has failed.
async fn until<T>(mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = check().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap()
}

async fn add(db: &TestDb, app: &App, job: &impl Job) -> JobId {
    let new = app.new_job(job).unwrap();
    enqueue(db, &new).await;
    app.wake(Wake::Jobs);
    new.id
}

async fn enqueue(db: &TestDb, new: &NewJob) {
    let tx = db.store.begin().await.unwrap();
    tx.jobs().enqueue(new).await.unwrap();
    tx.commit().await.unwrap();
}

async fn until_state(store: &Store, id: JobId, state: JobState) -> StoredJob {
    until(async || store.jobs().find(id).await.unwrap().filter(|job| job.state == state)).await
}

async fn until_tried(store: &Store, id: JobId) -> StoredJob {
    until(async || store.jobs().find(id).await.unwrap().filter(|job| job.last_error.is_some()))
        .await
}

async fn a_job_is_done_as_soon_as_it_is_announced(db: &TestDb) {
    // Without the announcement it would wait for longer than the test does.
    let app = TestApp::with(db, |config, _| config.background_poll_ms = 60_000).app;
    app.start_worker(registry());
    for _ in 0..5 {
        let id = add(db, &app, &Quick {}).await;
        let done = until_state(&db.store, id, JobState::Done).await;
        assert_eq!((done.progress, done.attempt, done.lease_until), (Some(100), 1, None));
    }
    app.shut_down().await;
}

async fn failures_are_kept_and_the_others_flow(db: &TestDb) {
    let app = TestApp::new(db).app;
    app.start_worker(registry());
    let for_now = add(db, &app, &Failing::ForNow).await;
    let for_good = add(db, &app, &Failing::ForGood).await;
    let panicking = add(db, &app, &Failing::Panicking).await;
    let slow = add(db, &app, &Slow {}).await;
    let unreadable =
        NewJob { payload: RawJson::trusted("[1]".to_owned()), ..app.new_job(&Quick {}).unwrap() };
    enqueue(db, &unreadable).await;
    let quick = add(db, &app, &Quick {}).await;
    until_state(&db.store, quick, JobState::Done).await;
    for (id, state, error) in [
        (for_now, JobState::Ready, "not yet"),
        (for_good, JobState::Failed, "never"),
        (panicking, JobState::Ready, "The run panicked: at the disco"),
        (slow, JobState::Ready, "The run took longer than 0.02 s."),
    ] {
        let tried = until_tried(&db.store, id).await;
        assert_eq!((tried.state, tried.last_error.as_deref()), (state, Some(error)));
        // The wait is stored: whoever looks next leaves it alone until then.
        assert_eq!(tried.state == JobState::Ready, tried.run_at > tried.started_at.unwrap());
    }
    let failed = until_state(&db.store, unreadable.id, JobState::Failed).await;
    assert!(failed.last_error.unwrap().starts_with("The payload cannot be read"));
    app.shut_down().await;
}

async fn a_cancelled_run_is_dropped(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.job_lease_ms = 300).app;
    app.start_worker(registry());
    let note = app.new_id();
    let id = add(db, &app, &Endless { note }).await;
    until_state(&db.store, id, JobState::Running).await;
    let tx = db.store.begin().await.unwrap();
    assert!(tx.jobs().cancel(id).await.unwrap());
    tx.commit().await.unwrap();
    until(async || Endless::was_dropped(note).then_some(())).await;
    let job = db.store.jobs().find(id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Cancelled);
    app.shut_down().await;
}

async fn an_ending_process_hands_back(db: &TestDb) {
    let app = TestApp::new(db).app;
    app.start_worker(registry());
    let note = app.new_id();
    let id = add(db, &app, &Endless { note }).await;
    until_state(&db.store, id, JobState::Running).await;
    app.shut_down().await;
    assert!(Endless::was_dropped(note));
    let store = Store::connect(TestDb::config(&db.url)).await.unwrap();
    let job = store.jobs().find(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempt, job.deaths), (JobState::Ready, 0, 0));
    let attempts = store.jobs().attempts(id).await.unwrap();
    assert_eq!(attempts[0].end, Some(AttemptEnd::HandedBack));
    store.close().await;
}

async fn a_worker_is_listed_until_it_ends(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.job_lease_ms = 300).app;
    app.start_worker(registry());
    let seen = async || app.jobs_overview(HistoryWindow::Hour).await.unwrap().workers.pop();
    let worker = until(seen).await;
    assert!(worker.alive && !worker.host.is_empty());
    assert_eq!(worker.places.get(Endless::QUEUE), Some(&2));
    let job = add(db, &app, &Endless { note: app.new_id() }).await;
    let running = until(async || seen().await?.running.pop()).await;
    assert_eq!((running.id, running.worker), (job, Some(worker.name.clone())));
    // It gives signs as long as it lives, and so stays alive beyond its first lease.
    let later = until(async || seen().await.filter(|w| w.seen_at > worker.seen_at)).await;
    assert!(later.alive && later.started_at == worker.started_at);
    app.shut_down().await;
    let store = Store::connect(TestDb::config(&db.url)).await.unwrap();
    assert_eq!(store.jobs().workers().await.unwrap(), []);
    store.close().await;
}

async fn a_dead_workers_job_is_taken_over(db: &TestDb) {
    let app = TestApp::new(db).app;
    let id = add(db, &app, &Quick {}).await;
    let (queue, kinds) =
        (Queue::parse(Quick::QUEUE).unwrap(), [JobKind::parse(Quick::KIND).unwrap()]);
    let claim = Claim {
        queue: &queue,
        kinds: &kinds,
        limit: 1,
        lease: Duration::ZERO,
        token: AttemptToken(app.new_id()),
        worker: "killed",
    };
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.jobs().claim(&claim).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    app.start_worker(registry());
    until_state(&db.store, id, JobState::Done).await;
    let attempts = db.store.jobs().attempts(id).await.unwrap();
    let ends: Vec<_> = attempts.into_iter().map(|a| a.end).collect();
    assert_eq!(ends, [Some(AttemptEnd::Lost), Some(AttemptEnd::Done)]);
    app.shut_down().await;
}

async fn a_full_queue_holds_up_no_other(db: &TestDb) {
    let one = vec![(Queue::parse(Endless::QUEUE).unwrap(), 1)];
    let app = TestApp::with(db, |config, _| config.job_places = one).app;
    app.start_worker(registry());
    let first = add(db, &app, &Endless { note: app.new_id() }).await;
    until_state(&db.store, first, JobState::Running).await;
    let second = add(db, &app, &Endless { note: app.new_id() }).await;
    let quick = add(db, &app, &Quick {}).await;
    until_state(&db.store, quick, JobState::Done).await;
    let waiting = db.store.jobs().find(second).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.attempt), (JobState::Ready, 0));
    app.shut_down().await;
}

async fn begin_two_hours_ago(store: &Store, name: &str, cron: &str) {
    let then = store.jobs().now().await.unwrap() - TimeDelta::hours(2);
    let tx = store.begin().await.unwrap();
    tx.jobs().begin_schedule(name, cron, then).await.unwrap();
    tx.commit().await.unwrap();
}

async fn the_clock_adds_a_job_once(db: &TestDb) {
    begin_two_hours_ago(&db.store, Quick::KIND, "0 * * * *").await;
    let apps: [Arc<App>; 2] = [TestApp::new(db).app, TestApp::new(db).app];
    // The randomness of both begins alike, and two real processes share no ids.
    for _ in 0..10_000 {
        let _ = apps[1].new_id();
    }
    for app in &apps {
        let registry = Registry::new().scheduled("0 * * * *", &Quick {}).unwrap();
        app.start_worker(registry);
    }
    let jobs = async || {
        let page = PageRequest::default();
        db.store.jobs().list(&JobFilter::default(), page).await.unwrap().items
    };
    until(async || jobs().await.iter().any(|j| j.state == JobState::Done).then_some(())).await;
    // Both look at the schedule at once and twenty times a second: another would be here soon.
    for _ in 0..3 {
        let id = add(db, &apps[1], &Quick {}).await;
        until_state(&db.store, id, JobState::Done).await;
    }
    let scheduled = jobs().await.iter().filter(|j| j.unique_key.is_some()).count();
    assert_eq!(scheduled, 1);
    for app in &apps {
        app.shut_down().await;
    }
}

async fn the_sweep_runs_by_the_clock(db: &TestDb) {
    begin_two_hours_ago(&db.store, "system.sweep.v1", "0 * * * *").await;
    let app = TestApp::new(db).app;
    app.start_background();
    let swept = until(async || {
        let jobs = db.store.jobs().list(&JobFilter::default(), PageRequest::default()).await;
        jobs.unwrap().items.into_iter().find(|job| job.state == JobState::Done)
    })
    .await;
    assert_eq!((swept.kind.as_str(), swept.attempt), ("system.sweep.v1", 1));
    app.shut_down().await;
}
