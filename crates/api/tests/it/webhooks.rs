//! Webhooks: other systems are told, with a signature that the reference library of the specification knows.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use atc_core::{job::Queue, user::Role};
use atc_testkit::{TestApp, TestDb, on_both_engines};
use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::sync::mpsc;

use crate::fixtures::{create_ticket, eventually, people};

on_both_engines![
    another_system_is_told_with_a_signature,
    what_fails_is_told_again_as_it_was,
    an_endpoint_that_is_gone_is_not_called_and_administrators_hear_of_it,
    an_endpoint_that_fails_for_days_is_not_called_any_more,
    it_hears_what_it_wants_and_only_while_it_is_enabled,
    both_secrets_sign_for_a_day,
    an_address_of_the_house_is_refused,
    two_processes_tell_everything_once,
    what_a_tired_worker_has_not_told_is_not_swept,
    a_delivery_whose_job_was_cancelled_has_failed_and_can_be_replayed,
    a_replay_of_one_that_waits_is_told_at_once_and_once,
];

/// Another system: what it was told, and what it answers.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    calls: mpsc::UnboundedReceiver<(HeaderMap, String)>,
}

type Calls = mpsc::UnboundedSender<(HeaderMap, String)>;

impl Receiver {
    async fn listen() -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let take = async |State((calls, status)): State<(Calls, Arc<AtomicU16>)>,
                          headers: HeaderMap,
                          body: String| {
            let _ = calls.send((headers, body));
            let status = StatusCode::from_u16(status.load(Ordering::Relaxed)).expect("a status");
            (status, "as you say\0").into_response()
        };
        let router =
            Router::new().route("/hook", post(take)).with_state((sender, Arc::clone(&status)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, status, calls }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    async fn told(&mut self) -> (HeaderMap, Value) {
        let waited = tokio::time::timeout(std::time::Duration::from_mins(1), self.calls.recv());
        let (headers, body) = waited.await.expect("a call").expect("a receiver");
        (headers, serde_json::from_str(&body).expect("JSON"))
    }

    async fn verified(&mut self, secret: &str) -> (HeaderMap, Value) {
        let (headers, body) = self.calls.recv().await.expect("a receiver");
        let text = |name| headers[name].to_str().expect("text");
        let timestamp = text("webhook-timestamp").parse().expect("seconds");
        // Signed by the library and not verified by it, as the clock of the test stands still in the past.
        let signed = Webhook::new(secret).expect("a secret");
        let signed = signed.sign(text("webhook-id"), timestamp, body.as_bytes()).expect("signed");
        assert!(text("webhook-signature").split(' ').any(|s| s == signed), "{headers:?}");
        (headers, serde_json::from_str(&body).expect("JSON"))
    }
}

async fn endpoint(app: &TestApp, admin: &str, url: &str, events: &[&str]) -> (String, String) {
    let body = json!({"name": "Warehouse", "url": url, "events": events});
    let made = app.post("/webhook-endpoints").bearer(admin).json(&body).await.expect(201);
    (format!("/webhook-endpoints/{}", made.text("/id")), made.text("/secret"))
}

async fn delivery(app: &TestApp, admin: &str, endpoint: &str) -> Value {
    let page = app.get(&format!("{endpoint}/deliveries?limit=1")).bearer(admin).await.expect(200);
    let path = format!("{endpoint}/deliveries/{}", page.text("/items/0/id"));
    app.get(&path).bearer(admin).await.expect(200).body.clone()
}

async fn another_system_is_told_with_a_signature(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    create_ticket(&app, &people.user, "Before").await;
    app.clock.advance(TimeDelta::seconds(1));
    let (path, secret) = endpoint(&app, &people.admin, &receiver.url, &[]).await;
    app.app.start_background();
    let ticket = create_ticket(&app, &people.user, "Printer").await;
    let (headers, told) = receiver.verified(&secret).await;
    assert_eq!(told["type"], "ticket.created");
    assert_eq!(told["data"]["title"], "Printer", "what was before is not told");
    assert_eq!(told["data"]["ticket_id"], ticket.text("/id"));
    assert_eq!(told["timestamp"], ticket.text("/created_at"));
    assert!(headers["webhook-id"].to_str().expect("text").starts_with("msg_"));
    eventually("it is noted", async || {
        delivery(&app, &people.admin, &path).await["state"] == "delivered"
    })
    .await;
    let delivery = delivery(&app, &people.admin, &path).await;
    assert_eq!(delivery["history"][0]["status"], 200);
    assert_eq!(delivery["history"][0]["answer"], "as you say");
    assert!(!delivery["body"].as_str().expect("text").contains("whsec_"));
    let shown = app.get(&path).bearer(&people.admin).await.expect(200);
    assert!(!shown.body.to_string().contains("secret"), "{}", shown.body);
}

async fn what_fails_is_told_again_as_it_was(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    receiver.answers(503);
    let (path, _) = endpoint(&app, &people.admin, &receiver.url, &[]).await;
    app.app.start_background();
    let id = create_ticket(&app, &people.user, "Printer").await.text("/id");
    let (first, told) = receiver.told().await;
    eventually("the attempt is noted", async || {
        delivery(&app, &people.admin, &path).await["attempts"] == 1
    })
    .await;
    let waiting = delivery(&app, &people.admin, &path).await;
    assert_eq!(waiting["state"], "pending");
    let jobs = app.get("/jobs?kind=webhook.deliver.v1").bearer(&people.admin).await.expect(200);
    assert_eq!(jobs.body["items"][0]["state"], "ready", "it waits for its next attempt");
    let shown = app.get(&path).bearer(&people.admin).await.expect(200);
    assert!(shown.body["failing_since"].is_string(), "{}", shown.body);

    receiver.answers(204);
    let path_of_it = format!("{path}/deliveries/{}", waiting["id"].as_str().expect("an id"));
    app.delete(&format!("/tickets/{id}")).bearer(&people.admin).await.expect(204);
    app.post(&format!("{path_of_it}/replay")).bearer(&people.admin).await.expect(200);
    let again = loop {
        // The deletion is told as well.
        let (headers, body) = receiver.told().await;
        if headers["webhook-id"] == first["webhook-id"] {
            break body;
        }
    };
    assert_eq!(again, told, "the same body, although the ticket is gone");
    eventually("it is noted", async || {
        let found = app.get(&path_of_it).bearer(&people.admin).await.expect(200);
        found.body["state"] == "delivered" && found.body["history"][1]["number"] == 2
    })
    .await;
    let shown = app.get(&path).bearer(&people.admin).await.expect(200);
    assert_eq!(shown.body["failing_since"], Value::Null);
}

async fn an_endpoint_that_is_gone_is_not_called_and_administrators_hear_of_it(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.login_as(Role::Admin, "second@example.com").await;
    let mut receiver = Receiver::listen().await;
    receiver.answers(410);
    let (path, _) = endpoint(&app, &people.admin, &receiver.url, &[]).await;
    app.app.start_background();
    create_ticket(&app, &people.user, "Printer").await;
    receiver.told().await;
    let shown = disabled(&app, &people.admin, &path).await;
    assert_eq!(shown["disabled_reason"], "gone");
    assert_eq!(delivery(&app, &people.admin, &path).await["state"], "failed");
    let heard = app.get("/notifications").bearer(&people.admin).await.expect(200);
    assert_eq!(heard.body["items"][0]["kind"], "webhook_disabled");
    let heard = app.get("/notifications").bearer(&people.agent).await.expect(200);
    assert_eq!(heard.body["items"], json!([]));
    let id = delivery(&app, &people.admin, &path).await["id"].clone();
    let replay = format!("{path}/deliveries/{}/replay", id.as_str().expect("an id"));
    app.post(&replay).bearer(&people.admin).await.expect(409);
}

async fn disabled(app: &TestApp, admin: &str, path: &str) -> Value {
    eventually("it is disabled", async || {
        app.get(path).bearer(admin).await.expect(200).body["enabled"] == false
    })
    .await;
    app.get(path).bearer(admin).await.expect(200).body.clone()
}

async fn an_endpoint_that_fails_for_days_is_not_called_any_more(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    receiver.answers(500);
    let (path, _) = endpoint(&app, &people.admin, &receiver.url, &[]).await;
    app.app.start_background();
    let failing = async || {
        let shown = app.get(&path).bearer(&people.admin).await.expect(200);
        shown.body["failing_since"].clone()
    };
    create_ticket(&app, &people.user, "One").await;
    receiver.told().await;
    eventually("it is noted", async || failing().await.is_string()).await;
    let since = failing().await;
    app.clock.advance(TimeDelta::days(5) - TimeDelta::seconds(1));
    let admin = login(&app).await;
    create_ticket(&app, &admin, "Two").await;
    receiver.told().await;
    eventually("it is noted", async || delivery(&app, &admin, &path).await["attempts"] == 1).await;
    let shown = app.get(&path).bearer(&admin).await.expect(200);
    assert_eq!((&shown.body["enabled"], &shown.body["failing_since"]), (&json!(true), &since));
    app.clock.advance(TimeDelta::seconds(1));
    create_ticket(&app, &admin, "Three").await;
    receiver.told().await;
    assert_eq!(disabled(&app, &admin, &path).await["disabled_reason"], "failing");
    let body = json!({"enabled": true});
    let shown = app.patch(&path).bearer(&admin).json(&body).await.expect(200);
    assert_eq!(shown.body["failing_since"], Value::Null, "another chance");
}

/// The token of before has expired.
async fn login(app: &TestApp) -> String {
    let body = json!({"email": "admin@example.com", "password": atc_testkit::PASSWORD});
    app.post("/auth/login").json(&body).await.expect(200).text("/access_token")
}

async fn it_hears_what_it_wants_and_only_while_it_is_enabled(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    let events = ["ticket.commented", "ticket.deleted", "ticket.deleted"];
    let (path, _) = endpoint(&app, &people.admin, &receiver.url, &events).await;
    let shown = app.get(&path).bearer(&people.admin).await.expect(200);
    assert_eq!(shown.body["events"], json!(["ticket.commented", "ticket.deleted"]));
    app.app.start_background();
    let id = create_ticket(&app, &people.user, "Printer").await.text("/id");
    let comments = format!("/tickets/{id}/comments");
    let note = json!({"body": "one", "internal": true});
    app.post(&comments).bearer(&people.agent).json(&note).await.expect(201);
    let (_, told) = receiver.told().await;
    assert_eq!((&told["type"], &told["data"]["body"]), (&json!("ticket.commented"), &json!("one")));
    assert_eq!(told["data"]["internal"], true, "an administrator asked for it");

    let off = json!({"enabled": false});
    let shown = app.patch(&path).bearer(&people.admin).json(&off).await.expect(200);
    assert_eq!(shown.body["disabled_reason"], "by_admin");
    app.post(&comments).bearer(&people.agent).json(&json!({"body": "two"})).await.expect(201);
    app.clock.advance(TimeDelta::seconds(1));
    let on = json!({"enabled": true});
    app.patch(&path).bearer(&people.admin).json(&on).await.expect(200);
    app.post(&comments).bearer(&people.agent).json(&json!({"body": "three"})).await.expect(201);
    assert_eq!(receiver.told().await.1["data"]["body"], "three");
    app.delete(&path).bearer(&people.admin).await.expect(204);
    app.get(&path).bearer(&people.admin).await.expect(404);
}

async fn both_secrets_sign_for_a_day(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    let (path, old) = endpoint(&app, &people.admin, &receiver.url, &[]).await;
    let rotated = app.post(&format!("{path}/rotate-secret")).bearer(&people.admin).await;
    let new = rotated.expect(200).text("/secret");
    assert_ne!(old, new);
    app.app.start_background();
    create_ticket(&app, &people.user, "One").await;
    receiver.verified(&old).await;
    create_ticket(&app, &people.user, "Two").await;
    receiver.verified(&new).await;
    app.clock.advance(TimeDelta::hours(24));
    let admin = login(&app).await;
    create_ticket(&app, &admin, "Three").await;
    let (headers, _) = receiver.verified(&new).await;
    let signatures = headers["webhook-signature"].to_str().expect("text").split(' ').count();
    assert_eq!(signatures, 1);
}

async fn an_address_of_the_house_is_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for url in ["https://10.0.0.1/", "http://example.com/", "https://[::1]/", "nonsense", ""] {
        let body = json!({"name": "Warehouse", "url": url});
        let call = app.post("/webhook-endpoints").bearer(&people.admin).json(&body).await;
        assert_eq!(call.expect(422).faults(), ["/url"], "{url}");
    }
    let body =
        json!({"name": "Warehouse", "url": "https://example.com", "events": ["ticket.sold"]});
    let call = app.post("/webhook-endpoints").bearer(&people.admin).json(&body).await;
    assert_eq!(call.expect(422).faults(), ["/events/0"]);
}

async fn two_processes_tell_everything_once(db: &TestDb) {
    let (one, two) = (TestApp::new(db), TestApp::new(db));
    // Both draw the same random numbers: at different times they are no longer the same identities.
    two.clock.advance(TimeDelta::seconds(1));
    let people = people(&one).await;
    let mut receiver = Receiver::listen().await;
    let (path, _) = endpoint(&one, &people.admin, &receiver.url, &["ticket.created"]).await;
    one.app.start_background();
    two.app.start_background();
    for n in 0..20 {
        let app = if n % 2 == 0 { &one } else { &two };
        create_ticket(app, &people.user, &format!("{n}")).await;
    }
    let mut told: Vec<String> = Vec::new();
    for _ in 0..20 {
        let (_, body) = receiver.told().await;
        told.push(body["data"]["title"].as_str().expect("a title").to_owned());
    }
    told.sort_by_key(|n| n.parse::<u32>().expect("a number"));
    assert_eq!(told, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    let list = format!("{path}/deliveries?include_total=true&limit=1");
    let page = one.get(&list).bearer(&people.admin).await.expect(200);
    assert_eq!(page.body["total"], 20);
}

async fn what_a_tired_worker_has_not_told_is_not_swept(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    endpoint(&app, &people.admin, &receiver.url, &["ticket.created"]).await;
    create_ticket(&app, &people.user, "Printer").await;
    app.clock.advance(TimeDelta::days(3));
    let tx = db.store.begin().await.expect("a transaction");
    let swept = tx.events().delete_before(app.app.now()).await.expect("a sweep");
    tx.commit().await.expect("a commit");
    assert_eq!(swept, 0);
    app.app.start_background();
    assert_eq!(receiver.told().await.1["data"]["title"], "Printer");
}

async fn a_delivery_whose_job_was_cancelled_has_failed_and_can_be_replayed(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    let (path, _) = endpoint(&app, &people.admin, &receiver.url, &["ticket.created"]).await;
    app.app.start_background();
    let queue = Queue::parse("webhooks").expect("a queue");
    let tx = db.store.begin().await.expect("a transaction");
    tx.jobs().set_paused(&queue, true).await.expect("it is held");
    tx.commit().await.expect("a commit");
    create_ticket(&app, &people.user, "Printer").await;
    let waiting = "/jobs?queue=webhooks&state=ready";
    let mut job = String::new();
    eventually("its job waits", async || {
        let jobs = app.get(waiting).bearer(&people.admin).await.expect(200);
        let id = jobs.body["items"][0]["id"].as_str().unwrap_or_default();
        id.clone_into(&mut job);
        !job.is_empty()
    })
    .await;
    app.post(&format!("/jobs/{job}/cancel")).bearer(&people.admin).await.expect(200);
    eventually("it is noted as failed", async || {
        delivery(&app, &people.admin, &path).await["state"] == "failed"
    })
    .await;
    let id = delivery(&app, &people.admin, &path).await["id"].as_str().expect("an id").to_owned();
    let replay = format!("{path}/deliveries/{id}/replay");
    app.post(&replay).bearer(&people.admin).await;
    app.post("/queues/webhooks/resume").bearer(&people.admin).await.expect(200);
    assert_eq!(receiver.told().await.1["data"]["title"], "Printer");
}

async fn a_replay_of_one_that_waits_is_told_at_once_and_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut receiver = Receiver::listen().await;
    let (path, _) = endpoint(&app, &people.admin, &receiver.url, &["ticket.created"]).await;
    receiver.answers(500);
    app.app.start_background();
    create_ticket(&app, &people.user, "Printer").await;
    receiver.told().await;
    eventually("the first attempt is noted", async || {
        delivery(&app, &people.admin, &path).await["attempts"] == 1
    })
    .await;
    receiver.answers(200);
    let id = delivery(&app, &people.admin, &path).await["id"].as_str().expect("an id").to_owned();
    let replay = format!("{path}/deliveries/{id}/replay");
    app.post(&replay).bearer(&people.admin).await;
    receiver.told().await;
    eventually("it is delivered", async || {
        delivery(&app, &people.admin, &path).await["state"] == "delivered"
    })
    .await;
    let waiting = "/jobs?queue=webhooks&state=ready&include_total=true";
    assert_eq!(app.get(waiting).bearer(&people.admin).await.expect(200).body["total"], 0);
}
