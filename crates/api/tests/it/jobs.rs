//! Jobs and queues over the API.

use std::time::Duration;

use atc_core::{
    job::{Attempt, AttemptToken, JobId, JobKind, NewJob, Queue},
    json::RawJson,
};
use atc_store::Claim;
use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::{Value, json};

use crate::fixtures::people;

on_both_engines![
    jobs_are_listed_by_page_and_filter,
    a_job_is_shown_with_its_attempts_and_without_its_secrets,
    what_failed_is_retried_cancelled_and_deleted,
    a_queue_is_held_and_goes_on,
    the_overview_tells_of_queues_workers_and_history,
    tokens_without_the_scope_see_no_job,
];

/// Adds a job that nobody runs by itself.
pub async fn add(db: &TestDb, app: &TestApp, payload: &Value) -> JobId {
    let id = JobId(app.app.new_id());
    let new = NewJob {
        id,
        queue: Queue::parse("default").expect("a queue"),
        kind: JobKind::parse("test.job.v1").expect("a kind"),
        payload: RawJson::trusted(payload.to_string()),
        unique_key: None,
        max_attempts: 5,
        run_at: None,
    };
    let tx = db.store.begin().await.expect("a transaction");
    tx.jobs().enqueue(&new).await.expect("enqueued");
    tx.commit().await.expect("committed");
    id
}

/// Takes the job that waits longest, as a worker does.
pub async fn claim(db: &TestDb, app: &TestApp) -> Attempt {
    let queue = Queue::parse("default").expect("a queue");
    let kinds = [JobKind::parse("test.job.v1").expect("a kind")];
    let claim = Claim {
        queue: &queue,
        kinds: &kinds,
        limit: 1,
        lease: Duration::from_hours(1),
        token: AttemptToken(app.app.new_id()),
        worker: "tester",
    };
    let tx = db.store.begin().await.expect("a transaction");
    let mut claimed = tx.jobs().claim(&claim).await.expect("claimed");
    tx.commit().await.expect("committed");
    claimed.pop().expect("a job").attempt
}

/// Lets the job that waits longest fail for good.
pub async fn fail(db: &TestDb, app: &TestApp, error: &str) -> JobId {
    let attempt = claim(db, app).await;
    let tx = db.store.begin().await.expect("a transaction");
    assert!(tx.jobs().fail(attempt, error).await.expect("failed"));
    tx.commit().await.expect("committed");
    attempt.job
}

async fn jobs_are_listed_by_page_and_filter(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = people(&app).await.admin;
    let mut added = Vec::new();
    for n in 0..3 {
        added.insert(0, add(db, &app, &json!({"n": n})).await.to_string());
    }
    let failed = fail(db, &app, "no").await.to_string();
    let get = |path: &str| app.get(path).bearer(&admin);
    let ids = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|i| i["id"].as_str().map(str::to_owned)).collect()
    };
    let first = get("/jobs?limit=2&include_total=true").await.expect(200);
    assert_eq!(first.body["total"], 3);
    let cursor = first.text("/next_cursor");
    let second = get(&format!("/jobs?limit=2&cursor={cursor}")).await.expect(200);
    let all = [ids(&first.body), ids(&second.body)].concat();
    assert_eq!((all, &second.body["next_cursor"]), (added, &Value::Null));

    let found = get("/jobs?state=failed&queue=default&kind=test.job.v1").await.expect(200);
    assert_eq!(ids(&found.body), [failed]);
    assert_eq!(found.body["items"][0]["last_error"], "no");
    assert_eq!(found.body["items"][0].get("payload"), None);
    assert_eq!(ids(&get("/jobs?kind=other.v1").await.expect(200).body), Vec::<String>::new());
    let faults = get("/jobs?state=lazy&queue=A&kind=&colour=red").await.expect(422).faults();
    assert_eq!(faults, ["colour", "kind", "queue", "state"]);
}

async fn a_job_is_shown_with_its_attempts_and_without_its_secrets(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = people(&app).await.admin;
    let payload = json!({"file_id": 7, "api_key": "hunter2", "deep": [{"Password": "hunter2"}]});
    add(db, &app, &payload).await;
    let id = fail(db, &app, "no such file").await;
    let shown = app.get(&format!("/jobs/{id}")).bearer(&admin).await.expect(200);
    let expected =
        json!({"file_id": 7, "api_key": "[redacted]", "deep": [{"Password": "[redacted]"}]});
    assert_eq!(shown.body["payload"], expected);
    assert!(!String::from_utf8_lossy(&shown.bytes).contains("hunter2"));
    assert_eq!(shown.body["attempts"].as_array().map(Vec::len), Some(1));
    let attempt = &shown.body["attempts"][0];
    assert_eq!((&attempt["end"], &attempt["error"]), (&json!("failed"), &json!("no such file")));
    assert!(attempt["waited_ms"].is_u64() && attempt["ended_at"].is_string(), "{attempt}");
    let unknown = app.app.new_id();
    app.get(&format!("/jobs/{unknown}")).bearer(&admin).await.expect(404);
    app.get("/jobs/1").bearer(&admin).await.expect(404);
}

async fn what_failed_is_retried_cancelled_and_deleted(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = people(&app).await.admin;
    add(db, &app, &json!({})).await;
    let id = fail(db, &app, "no").await;
    let post = |verb: &str| app.post(&format!("/jobs/{id}/{verb}")).bearer(&admin);
    assert_eq!(post("cancel").await.expect(409).problem(), "conflict");
    let retried = post("retry").await.expect(200);
    assert_eq!((&retried.body["state"], &retried.body["attempt"]), (&json!("ready"), &json!(0)));
    assert!(post("retry").await.expect(409).text("/detail").contains("waits"));

    let attempt = claim(db, &app).await;
    app.delete(&format!("/jobs/{id}")).bearer(&admin).await.expect(409);
    assert_eq!(post("cancel").await.expect(200).body["state"], "cancelled");
    let tx = db.store.begin().await.expect("a transaction");
    assert!(!tx.jobs().complete(attempt).await.expect("asked"), "its run writes nothing any more");
    drop(tx);
    app.delete(&format!("/jobs/{id}")).bearer(&admin).await.expect(204);
    app.delete(&format!("/jobs/{id}")).bearer(&admin).await.expect(404);
    post("retry").await.expect(404);
}

async fn a_queue_is_held_and_goes_on(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = people(&app).await.admin;
    app.post("/queues/nowhere/pause").bearer(&admin).await.expect(404);
    app.post("/queues/No%20Queue/pause").bearer(&admin).await.expect(404);
    add(db, &app, &json!({})).await;
    let held = app.post("/queues/default/pause").bearer(&admin).await.expect(200);
    assert_eq!((&held.body["paused"], &held.body["counts"]["ready"]), (&json!(true), &json!(1)));
    assert_eq!(db.store.jobs().paused_queues().await.expect("asked"), ["default"]);
    let all = app.get("/queues").bearer(&admin).await.expect(200);
    assert_eq!(all.body["items"], json!([held.body]));
    let on = app.post("/queues/default/resume").bearer(&admin).await.expect(200);
    assert_eq!(on.body["paused"], false);
    assert_eq!(db.store.jobs().paused_queues().await.expect("asked"), Vec::<String>::new());
}

async fn the_overview_tells_of_queues_workers_and_history(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = people(&app).await.admin;
    add(db, &app, &json!({"token": "hunter2"})).await;
    add(db, &app, &json!({"token": "hunter2"})).await;
    fail(db, &app, "no").await;
    let places = [("default".to_owned(), 2)].into();
    let tx = db.store.begin().await.expect("a transaction");
    let lease = Duration::from_mins(1);
    tx.jobs().worker_seen("tester", "here", &places, lease).await.expect("seen");
    tx.commit().await.expect("committed");
    let running = claim(db, &app).await.job.to_string();
    let seen = app.get("/jobs/overview").bearer(&admin).await.expect(200);
    let queue = &seen.body["queues"][0];
    assert_eq!((&queue["name"], &queue["places"]), (&json!("default"), &json!(2)));
    assert_eq!((&queue["counts"]["running"], &queue["counts"]["failed"]), (&json!(1), &json!(1)));
    let worker = &seen.body["workers"][0];
    assert_eq!((&worker["host"], &worker["alive"]), (&json!("here"), &json!(true)));
    assert_eq!(worker["running"][0]["id"], json!(running));
    let points = seen.body["history"]["points"].as_array().cloned().unwrap_or_default();
    assert_eq!(points.len(), 60);
    let failed: u64 = points.iter().filter_map(|p| p["failed"].as_u64()).sum();
    assert_eq!(failed, 1);
    let day = app.get("/jobs/overview?window=day").bearer(&admin).await.expect(200);
    assert_eq!(day.body["history"]["slot_s"], 900);
    app.get("/jobs/overview?window=year").bearer(&admin).await.expect(422);
}

async fn tokens_without_the_scope_see_no_job(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = people(&app).await.admin;
    let mut made = Vec::new();
    for scope in ["tickets:write", "admin"] {
        let body = json!({"name": scope, "scopes": [scope]});
        made.push(app.post("/tokens").bearer(&admin).json(&body).await.expect(201).text("/token"));
    }
    app.get("/jobs").bearer(&made[0]).await.expect(403);
    app.get("/jobs").bearer(&made[1]).await.expect(200);
}
