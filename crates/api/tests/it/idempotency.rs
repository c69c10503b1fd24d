//! `Idempotency-Key`.

use atc_testkit::{TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use serde_json::json;

use crate::fixtures::{people, ticket};

on_both_engines!(
    a_repeat_gets_the_first_answer_again,
    a_key_belongs_to_one_request_and_one_person,
    two_at_once_make_one,
    after_a_day_a_key_is_free,
    a_refused_creation_leaves_the_key_free,
    keys_have_bounds,
);

async fn a_repeat_gets_the_first_answer_again(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let send = || async {
        let call = app.post("/tickets").bearer(&people.user).header("idempotency-key", "k-1");
        call.json(&ticket("A")).await.expect(201)
    };
    let first = send().await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let path = format!("/tickets/{}", first.text("/id"));
    app.patch(&path).bearer(&people.agent).json(&json!({"title": "B"})).await.expect(200);
    let again = send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.bytes, first.bytes);
    for name in ["location", "etag", "content-type"] {
        assert_eq!(again.header(name), first.header(name));
    }
    let list = app.get("/tickets?include_total=true").bearer(&people.user).await.expect(200);
    assert_eq!(list.body["total"], 1);

    // A token's secret comes again as well, though the database keeps only its hash.
    let body = json!({"name": "CI", "scopes": ["tickets:read"]});
    let make = || async {
        let call = app.post("/tokens").bearer(&people.user).header("idempotency-key", "k-2");
        call.json(&body).await.expect(201).text("/token")
    };
    assert_eq!(make().await, make().await);
}

async fn a_key_belongs_to_one_request_and_one_person(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let send = |token: &str, path: &str, title: &str| {
        app.post(path).bearer(token).header("idempotency-key", "same").json(&ticket(title))
    };
    let mine = send(&people.user, "/tickets", "A").await.expect(201);
    let other_body = send(&people.user, "/tickets", "B").await.expect(422);
    assert_eq!(other_body.problem(), "idempotency-key-reused");
    let theirs = send(&people.agent, "/tickets", "A").await.expect(201);
    assert_ne!(theirs.text("/id"), mine.text("/id"));
}

async fn two_at_once_make_one(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let send = || async {
        let call = app.post("/tickets").bearer(&user).header("idempotency-key", "race");
        call.json(&ticket("A")).await.expect(201).text("/id")
    };
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    assert!(a == b && b == c && c == d);
    let list = app.get("/tickets?include_total=true").bearer(&user).await.expect(200);
    assert_eq!(list.body["total"], 1);
}

async fn after_a_day_a_key_is_free(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.access_token_ttl_s = 1_000_000);
    let user = people(&app).await.user;
    let send = || async {
        let call = app.post("/tickets").bearer(&user).header("idempotency-key", "k");
        call.json(&ticket("A")).await.expect(201).text("/id")
    };
    let first = send().await;
    app.clock.advance(TimeDelta::hours(23));
    assert_eq!(send().await, first);
    app.clock.advance(TimeDelta::hours(2));
    assert_ne!(send().await, first);
}

async fn a_refused_creation_leaves_the_key_free(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let send = |body| app.post("/tickets").bearer(&user).header("idempotency-key", "k").json(body);
    let mut bad = ticket("A");
    bad["category"] = json!("no_such_category");
    send(&bad).await.expect(422);
    send(&ticket("A")).await.expect(201);
}

async fn keys_have_bounds(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    for key in ["", "with space", &"x".repeat(256), "ü"] {
        let call = app.post("/tickets").bearer(&user).header("idempotency-key", key);
        call.json(&ticket("A")).await.expect(400);
    }
}
