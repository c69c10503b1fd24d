//! Whatever comes in, the answer is a clear problem document, and nothing changes.

use atc_testkit::{Answer, TestApp, TestDb, on_both_engines};
use serde_json::{Value, json};

use crate::fixtures::{People, people, ticket};

on_both_engines!(
    malformed_bodies_are_refused,
    every_fault_is_named_at_once,
    nul_is_named_with_its_place,
    long_texts_are_measured_in_characters,
    deep_json_is_refused,
    the_media_type_counts,
    large_bodies_are_refused,
    unreadable_parameters_are_named,
    unreadable_paths_name_nothing,
    unknown_paths_and_methods,
    credentials_that_are_none,
    no_error_shows_what_is_inside,
);

async fn send(app: &TestApp, token: &str, raw: impl Into<Vec<u8>>) -> Answer {
    let raw: Vec<u8> = raw.into();
    app.post("/tickets").bearer(token).raw("application/json", raw).await
}

/// Nothing was stored by what a test sent.
async fn nothing_changed(app: &TestApp, people: &People) {
    let list = app.get("/tickets?include_total=true").bearer(&people.admin).await.expect(200);
    assert_eq!(list.body["total"], 0);
}

async fn malformed_bodies_are_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"{\"title\":}",
        b"{\"title\":\"a\"} {}",
        b"{\"title\":\"\\ud800\",\"description\":\"\"}",
        b"{\"title\":\"\xff\",\"description\":\"\"}",
        b"{\"title\":\"a\",\"title\":\"b\",\"description\":\"\"}",
        b"{\"title\":\"a\",\"description\":\"\",\"metadata\":{\"x\":{\"k\":1,\"k\":2}}}",
        b"\xef\xbb\xbf{}",
    ];
    for body in bodies {
        let refused = send(&app, &people.user, body).await.expect(400);
        assert_eq!(refused.problem(), "malformed-request");
    }
    nothing_changed(&app, &people).await;
}

async fn every_fault_is_named_at_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = json!({
        "title": "", "description": 5, "priority": "urgent", "category": "No Slug",
        "tags": ["ok", ""], "metadata": [], "colour": "red"
    });
    let refused = app.post("/tickets").bearer(&people.user).json(&body).await.expect(422);
    // What is of the wrong type is named first, and what breaks a rule once the types are right.
    assert_eq!(refused.faults(), ["/colour", "/description", "/metadata", "/priority"]);
    let body = json!({
        "title": "", "description": "", "category": "No Slug", "tags": ["ok", ""],
        "metadata": {"x": "y".repeat(17_000)}
    });
    let refused = app.post("/tickets").bearer(&people.user).json(&body).await.expect(422);
    assert_eq!(refused.faults(), ["/category", "/metadata", "/tags/1", "/title"]);
    let refused = app.post("/tickets").bearer(&people.user).json(&json!({})).await.expect(422);
    assert_eq!(refused.faults(), ["/description", "/title"]);

    let unknown = json!({
        "title": "A", "description": "", "category": "no_such_category",
        "attachment_ids": ["0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"]
    });
    let refused = app.post("/tickets").bearer(&people.user).json(&unknown).await.expect(422);
    assert_eq!(refused.faults(), ["/attachment_ids/0", "/category"]);
    for body in [json!([]), json!("x"), json!(null), json!(3)] {
        app.post("/tickets").bearer(&people.user).json(&body).await.expect(422);
    }
    nothing_changed(&app, &people).await;
}

async fn nul_is_named_with_its_place(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut body = ticket("A");
    body["description"] = json!("a\0b");
    body["metadata"] = json!({"deep": ["ok", "\0"]});
    let refused = app.post("/tickets").bearer(&people.user).json(&body).await.expect(422);
    assert_eq!(refused.faults(), ["/description", "/metadata/deep/1"]);
    let refused = app.get("/tickets?q=a%00b").bearer(&people.user).await.expect(422);
    assert_eq!(refused.faults(), ["q"]);
    app.get("/tickets/a%00b").bearer(&people.user).await.expect(404);
    nothing_changed(&app, &people).await;
}

async fn long_texts_are_measured_in_characters(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut body = ticket("A");
    body["description"] = json!("🔥".repeat(50_000));
    let made = app.post("/tickets").bearer(&people.user).json(&body).await.expect(201);
    assert_eq!(made.body["description"].as_str().map(|d| d.chars().count()), Some(50_000));
    body["description"] = json!("🔥".repeat(50_001));
    let refused = app.post("/tickets").bearer(&people.user).json(&body).await.expect(422);
    assert_eq!(refused.faults(), ["/description"]);

    // The same for texts that are read: 50 KB of emoji, and one word of 50 KB.
    for text in ["🔥".repeat(12_500), "a".repeat(50_000), "\u{200d}".repeat(16_000)] {
        let read = app.post("/ai/categorize").bearer(&people.user).json(&json!({"text": text}));
        read.await.expect(200);
    }
    for empty in ["", " \n\t "] {
        let read = app.post("/tickets/ai").bearer(&people.user).json(&json!({"text": empty}));
        assert_eq!(read.await.expect(422).faults(), ["/text"]);
    }
}

async fn deep_json_is_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let body = |n| {
        format!("{{\"title\":\"A\",\"description\":\"\",\"metadata\":{{\"x\":{}}}}}", nested(n))
    };
    send(&app, &people.user, body(10)).await.expect(201);
    send(&app, &people.user, body(100)).await.expect(400);
    send(&app, &people.user, body(200_000)).await.expect(400);
}

async fn the_media_type_counts(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = ticket("A").to_string();
    for wrong in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let call = app.post("/tickets").bearer(&people.user).raw(wrong, body.clone());
        assert_eq!(call.await.expect(415).problem(), "unsupported-media-type");
    }
    nothing_changed(&app, &people).await;
    let call = app.post("/tickets").bearer(&people.user);
    call.raw("Application/JSON; charset=utf-8", body).await.expect(201);
}

async fn large_bodies_are_refused(db: &TestDb) {
    let app = TestApp::with(db, |_, api| api.max_body_bytes = 1_000);
    let people = people(&app).await;
    let mut body = ticket("A");
    body["description"] = json!("x".repeat(1_000));
    let refused = app.post("/tickets").bearer(&people.user).json(&body).await.expect(413);
    assert_eq!(refused.problem(), "payload-too-large");
    // A length that is announced and not sent is refused by its announcement alone.
    let lie = app.post("/tickets").bearer(&people.user).header("content-length", "999999999");
    lie.json(&ticket("A")).await.expect(413);
    nothing_changed(&app, &people).await;
}

async fn unreadable_parameters_are_named(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let faults = async |query: &str| {
        app.get(&format!("/tickets?{query}")).bearer(&people.agent).await.expect(422).faults()
    };
    assert_eq!(faults("limit=0").await, ["limit"]);
    assert_eq!(faults("limit=101&include_total=perhaps").await, ["include_total", "limit"]);
    assert_eq!(faults("limit=-1").await, ["limit"]);
    assert_eq!(faults("sort=colour&status=lost&priority=p0").await, ["priority", "sort", "status"]);
    assert_eq!(
        faults("category=No%20Slug&assignee_id=x&requester_id=7").await,
        ["assignee_id", "category", "requester_id"]
    );
    assert_eq!(faults("created_after=yesterday&colour=red").await, ["colour", "created_after"]);
    assert_eq!(faults("tag=a&tag=b").await, ["tag"]);
    assert_eq!(faults("cursor=abc").await, ["cursor"]);
    assert_eq!(faults(&format!("q={}", "x".repeat(1_001))).await, ["q"]);
}

async fn unreadable_paths_name_nothing(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for path in [
        "/tickets/0",
        "/tickets/-1",
        "/tickets/abc",
        "/tickets/999",
        "/tickets/1%2F2",
        "/tickets/99999999999999999999",
        "/tickets/0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
        "/users/abc",
        "/categories/No%20Slug",
        "/categories/unknown",
        "/teams/1",
        "/knowledge/articles/x",
        "/tickets/1/comments/x",
        "/tickets/'%20OR%201=1--",
    ] {
        let answer = app.get(path).bearer(&people.admin).await.expect(404);
        assert_eq!(answer.problem(), "not-found", "{path}");
    }
}

async fn unknown_paths_and_methods(db: &TestDb) {
    let app = TestApp::new(db);
    for path in ["/nowhere", "/api/v2/tickets", "/tickets/1/unknown", "/tickets/"] {
        assert_eq!(app.get(path).await.expect(404).problem(), "not-found");
    }
    let refused = app.delete("/tickets").await.expect(405);
    assert_eq!(refused.problem(), "method-not-allowed");
    let allowed: Vec<_> = refused.header("allow").split(',').map(str::trim).collect();
    assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{allowed:?}");
}

async fn credentials_that_are_none(db: &TestDb) {
    let app = TestApp::new(db);
    app.get("/tickets").await.expect(401);
    let tokens = ["x", "atc_unknown", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", &"a".repeat(8_000)];
    for token in tokens {
        let refused = app.get("/tickets").bearer(token).await.expect(401);
        assert_eq!(refused.problem(), "unauthenticated");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    for scheme in ["Basic YWxhZGRpbjpvcGVuc2VzYW1l", "Bearer", ""] {
        app.get("/tickets").header("authorization", scheme).await.expect(401);
    }
}

async fn no_error_shows_what_is_inside(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let answers = [
        send(&app, &people.user, "{").await,
        app.post("/tickets").bearer(&people.user).json(&json!({"x": 1})).await,
        app.get("/tickets/'").bearer(&people.user).await,
        app.get("/users").bearer(&people.user).await,
        app.get("/tickets?q=%27%22%3B%20DROP%20TABLE%20tickets%20--*%3A(")
            .bearer(&people.user)
            .await,
    ];
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.bytes).to_lowercase();
        for word in ["select", "sqlite", "postgres", "panicked", ".rs:", "/work", "sea_orm"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
        if answer.status.is_client_error() {
            assert!(!answer.text("/request_id").is_empty());
            assert_eq!(answer.body["status"], Value::from(answer.status.as_u16()));
        }
    }
}
