//! Making and changing tickets, comments, the audit trail, routing, statistics.

use atc_core::user::Role;
use atc_testkit::{TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people, ticket, user_id};

on_both_engines!(
    a_ticket_has_every_field_of_the_contract,
    numbers_are_never_used_again,
    what_a_user_may_change,
    the_status_machine_holds,
    what_happened_stands_in_the_audit_trail,
    comments_and_notes,
    only_authors_and_administrators_edit_comments,
    categories_route_to_teams,
    the_least_loaded_gets_the_ticket,
    staff_make_tickets_for_others,
    statistics_count_and_measure,
);

async fn a_ticket_has_every_field_of_the_contract(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let mut body = ticket("A");
    body["tags"] = json!(["web", "web", "app"]);
    body["metadata"] = json!({"order": {"id": 7}, "text": "ü\u{2028}"});
    body["source"] = json!("extension");
    let made = app.post("/tickets").bearer(&user).json(&body).await.expect(201);
    let mut members: Vec<_> = made.body.as_object().expect("an object").keys().cloned().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "assignee",
            "attachments",
            "category",
            "closed_at",
            "comment_count",
            "created_at",
            "description",
            "external_links",
            "id",
            "metadata",
            "number",
            "priority",
            "requester",
            "resolved_at",
            "source",
            "status",
            "tags",
            "team",
            "title",
            "triage",
            "updated_at",
            "version"
        ]
    );
    assert_eq!(made.header("location"), format!("/api/v1/tickets/{}", made.text("/id")));
    assert_eq!(made.body["tags"], json!(["web", "app"]));
    assert_eq!(made.body["metadata"], body["metadata"]);
    assert_eq!(made.text("/created_at"), "2026-01-31T12:00:00Z");
    assert_eq!(made.text("/status"), "new");
    assert_eq!(made.text("/requester/email"), "user@example.com");
    let by_number = app.get("/tickets/1").bearer(&user).await.expect(200);
    assert_eq!(by_number.body, made.body);
}

async fn numbers_are_never_used_again(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for expected in 1..=2 {
        assert_eq!(create_ticket(&app, &people.user, "A").await.body["number"], expected);
    }
    app.delete("/tickets/2").bearer(&people.agent).await.expect(204);
    app.get("/tickets/2").bearer(&people.agent).await.expect(404);
    app.delete("/tickets/2").bearer(&people.agent).await.expect(404);
    assert_eq!(create_ticket(&app, &people.user, "A").await.body["number"], 3);
}

async fn what_a_user_may_change(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let agent = user_id(&app, &people.agent).await;
    create_ticket(&app, &people.user, "A").await;
    let change = |body: Value| app.patch("/tickets/1").bearer(&people.user).json(&body);
    let own = json!({"title": "B", "description": "C", "tags": ["x"], "metadata": {"k": 1}});
    let changed = change(own).await.expect(200);
    assert_eq!((changed.text("/title"), changed.text("/description")), ("B".into(), "C".into()));
    for body in [
        json!({"priority": "high"}),
        json!({"category": "bug"}),
        json!({"assignee_id": agent}),
        json!({"team_id": null}),
        json!({"status": "resolved"}),
        json!({"title": "D", "priority": "low"}),
    ] {
        change(body).await.expect(403);
    }
    assert_eq!(change(json!({"status": "closed"})).await.expect(200).text("/status"), "closed");
    assert_eq!(change(json!({"status": "open"})).await.expect(200).text("/status"), "open");
    app.delete("/tickets/1").bearer(&people.user).await.expect(403);
    let staff_only = json!({"title": "A", "description": "", "assignee_id": agent});
    app.post("/tickets").bearer(&people.user).json(&staff_only).await.expect(403);
    assert_eq!(app.get("/tickets/1").bearer(&people.user).await.expect(200).text("/title"), "B");
}

async fn the_status_machine_holds(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    create_ticket(&app, &people.user, "A").await;
    let go = |status: &str| {
        app.patch("/tickets/1").bearer(&people.agent).json(&json!({"status": status}))
    };
    for status in ["in_progress", "pending", "resolved", "open", "resolved"] {
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(go(status).await.expect(200).text("/status"), status);
    }
    let resolved = app.get("/tickets/1").bearer(&people.agent).await.expect(200);
    assert_eq!(resolved.text("/resolved_at"), "2026-01-31T12:00:05Z");
    for end in ["closed", "cancelled"] {
        go(end).await.expect(200);
        for illegal in ["new", "in_progress", "pending", "resolved"] {
            let refused = go(illegal).await.expect(409);
            assert_eq!(refused.problem(), "illegal-transition");
        }
        let reopened = go("open").await.expect(200);
        assert_eq!(reopened.body["closed_at"], Value::Null);
    }
    go("lost").await.expect(422);
}

async fn what_happened_stands_in_the_audit_trail(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    create_ticket(&app, &people.user, "A").await;
    let change = json!({"title": "B", "status": "open", "tags": ["x"]});
    app.patch("/tickets/1").bearer(&people.agent).json(&change).await.expect(200);
    app.patch("/tickets/1").bearer(&people.agent).json(&json!({"title": "B"})).await.expect(200);
    let trail = app.get("/tickets/1/events").bearer(&people.agent).await.expect(200);
    let entries = trail.body["items"].as_array().expect("items");
    assert_eq!(entries.len(), 2, "what changes nothing is no entry: {entries:?}");
    assert_eq!(entries[0]["kind"], "created");
    assert_eq!(entries[0]["actor"]["email"], "user@example.com");
    assert_eq!(entries[1]["kind"], "updated");
    let changes = entries[1]["changes"].as_array().expect("changes");
    assert!(changes.contains(&json!({"field": "title", "from": "A", "to": "B"})), "{changes:?}");
    assert!(changes.contains(&json!({"field": "status", "from": "new", "to": "open"})));
    assert!(changes.contains(&json!({"field": "tags", "from": [], "to": ["x"]})));
}

async fn comments_and_notes(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    create_ticket(&app, &people.user, "A").await;
    let say = |token: &str, body: Value| app.post("/tickets/1/comments").bearer(token).json(&body);
    let public = say(&people.agent, json!({"body": "Looking"})).await.expect(201);
    say(&people.agent, json!({"body": "Secret", "internal": true})).await.expect(201);
    say(&people.user, json!({"body": "x", "internal": true})).await.expect(403);
    say(&people.user, json!({"body": ""})).await.expect(422);

    let count = async |token: &str| {
        let list = app.get("/tickets/1/comments").bearer(token).await.expect(200);
        let ticket = app.get("/tickets/1").bearer(token).await.expect(200);
        let items = list.body["items"].as_array().expect("items").len();
        assert_eq!(ticket.body["comment_count"], items);
        items
    };
    assert_eq!((count(&people.agent).await, count(&people.user).await), (2, 1));
    let trail = app.get("/tickets/1/events").bearer(&people.user).await.expect(200);
    let text = String::from_utf8_lossy(&trail.bytes).into_owned();
    assert_eq!(text.matches("commented").count(), 1, "of a note nothing is told: {text}");

    let path = format!("/tickets/1/comments/{}", public.text("/id"));
    let edit = app.patch(&path).bearer(&people.agent).json(&json!({"body": "Found it"}));
    let edited = edit.await.expect(200);
    assert_eq!(
        (edited.text("/body"), edited.body["edited"].clone()),
        ("Found it".into(), json!(true))
    );
    app.delete(&path).bearer(&people.agent).await.expect(204);
    app.get(&path).bearer(&people.agent).await.expect(404);
}

async fn only_authors_and_administrators_edit_comments(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    create_ticket(&app, &people.user, "A").await;
    let comment = app.post("/tickets/1/comments").bearer(&people.user).json(&json!({"body": "x"}));
    let path = format!("/tickets/1/comments/{}", comment.await.expect(201).text("/id"));
    let change = json!({"body": "y"});
    app.patch(&path).bearer(&people.agent).json(&change).await.expect(403);
    app.delete(&path).bearer(&people.agent).await.expect(403);
    app.patch(&path).bearer(&people.user).json(&change).await.expect(200);
    app.delete(&path).bearer(&people.admin).await.expect(204);
}

/// Makes a team of new agents; gives its id and theirs.
async fn team(app: &TestApp, admin: &str, strategy: &str, names: &[&str]) -> (String, Vec<String>) {
    let mut members = Vec::new();
    for name in names {
        let token = app.login_as(Role::Agent, &format!("{name}@example.com")).await;
        members.push(user_id(app, &token).await);
    }
    let body = json!({"name": "First line", "member_ids": members, "strategy": strategy});
    let made = app.post("/teams").bearer(admin).json(&body).await.expect(201);
    (made.text("/id"), members)
}

async fn categories_route_to_teams(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let (id, members) = team(&app, &people.admin, "round_robin", &["a", "b", "c"]).await;
    let route = json!({"team_id": id});
    app.patch("/categories/technical").bearer(&people.admin).json(&route).await.expect(200);
    let assigned = async || {
        let made = create_ticket(&app, &people.user, "A").await;
        assert_eq!((made.text("/status"), made.text("/team/id")), ("open".into(), id.clone()));
        made.text("/assignee/id")
    };
    assert_eq!([assigned().await, assigned().await], [members[0].clone(), members[1].clone()]);
    let away = app.patch(&format!("/users/{}", members[2])).bearer(&people.admin);
    away.json(&json!({"is_active": false})).await.expect(200);
    assert_eq!(assigned().await, members[0], "who is inactive is passed over");
}

async fn the_least_loaded_gets_the_ticket(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let (id, members) = team(&app, &people.admin, "least_loaded", &["a", "b"]).await;
    let route = json!({"team_id": id});
    app.patch("/categories/technical").bearer(&people.admin).json(&route).await.expect(200);
    let assigned = async || create_ticket(&app, &people.user, "A").await.text("/assignee/id");
    assert_eq!(assigned().await, members[0]);
    assert_eq!(assigned().await, members[1]);
    assert_eq!(assigned().await, members[0]);
    let done = json!({"status": "resolved"});
    for number in [1, 3] {
        app.patch(&format!("/tickets/{number}"))
            .bearer(&people.agent)
            .json(&done)
            .await
            .expect(200);
    }
    assert_eq!(assigned().await, members[0]);
}

async fn staff_make_tickets_for_others(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut body = ticket("A");
    body["requester_email"] = json!("caller@example.com");
    body["assignee_id"] = json!(user_id(&app, &people.agent).await);
    let made = app.post("/tickets").bearer(&people.agent).json(&body).await.expect(201);
    assert_eq!(made.text("/requester/email"), "caller@example.com");
    assert_eq!(made.text("/status"), "open");
    let login = json!({"email": "caller@example.com", "password": "anything at all"});
    app.post("/auth/login").json(&login).await.expect(401);
    // The address becomes an account when its owner's administrator makes one.
    let account = json!({
        "email": "caller@example.com", "password": atc_testkit::PASSWORD, "full_name": "Caller"
    });
    app.post("/users").bearer(&people.admin).json(&account).await.expect(201);
    let login = json!({"email": "caller@example.com", "password": atc_testkit::PASSWORD});
    let session = app.post("/auth/login").json(&login).await.expect(200);
    app.get("/tickets/1").bearer(&session.text("/access_token")).await.expect(200);
    body["assignee_id"] = json!(user_id(&app, &people.user).await);
    app.post("/tickets").bearer(&people.agent).json(&body).await.expect(422);
}

async fn statistics_count_and_measure(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.access_token_ttl_s = 1_000_000);
    let people = people(&app).await;
    for _ in 0..3 {
        create_ticket(&app, &people.user, "A").await;
    }
    app.clock.advance(TimeDelta::minutes(10));
    let answer = json!({"body": "Looking"});
    app.post("/tickets/1/comments").bearer(&people.agent).json(&answer).await.expect(201);
    app.clock.advance(TimeDelta::days(1));
    let done = json!({"status": "resolved"});
    app.patch("/tickets/1").bearer(&people.agent).json(&done).await.expect(200);
    let stats = app.get("/tickets/stats").bearer(&people.agent).await.expect(200);
    assert_eq!(stats.body["total"], 3);
    assert_eq!(
        stats.body["by_status"],
        json!([
            {"status": "new", "count": 2}, {"status": "resolved", "count": 1}
        ])
    );
    assert_eq!(stats.body["by_category"], json!([{"category": "technical", "count": 3}]));
    assert_eq!(stats.body["by_assignee"], json!([{"assignee": null, "count": 3}]));
    assert_eq!(
        stats.body["per_day"],
        json!([
            {"day": "2026-01-31", "created": 3, "resolved": 0},
            {"day": "2026-02-01", "created": 0, "resolved": 1}
        ])
    );
    assert_eq!(stats.body["median_first_response_s"], 600);
    assert_eq!(stats.body["median_resolution_s"], 87_000);
    let none = app.get("/tickets/stats?created_after=2027-01-01T00:00:00Z").bearer(&people.agent);
    assert_eq!(none.await.expect(200).body["total"], 0);
}
