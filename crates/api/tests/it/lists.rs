//! Pages, filters, full text and order.

use std::collections::HashSet;

use atc_testkit::{TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people, ticket, user_id};

on_both_engines!(
    pages_show_every_row_once,
    a_cursor_survives_inserts_and_deletes,
    a_cursor_belongs_to_its_list,
    filters_narrow_and_widen,
    words_are_found_in_title_text_and_comments,
    others_tickets_are_invisible,
);

fn numbers(body: &Value) -> Vec<i64> {
    let items = body["items"].as_array().expect("items");
    items.iter().map(|t| t["number"].as_i64().expect("a number")).collect()
}

async fn pages_show_every_row_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for i in 1..=7 {
        create_ticket(&app, &people.user, &format!("Ticket {i}")).await;
        app.clock.advance(TimeDelta::seconds(i64::from(i % 2)));
    }
    for sort in ["created_at", "-created_at", "updated_at", "priority", "-number"] {
        let mut seen = Vec::new();
        let mut path = format!("/tickets?limit=3&sort={sort}&include_total=true");
        loop {
            let page = app.get(&path).bearer(&people.agent).await.expect(200);
            assert_eq!(page.body["total"], 7);
            seen.extend(numbers(&page.body));
            let Some(cursor) = page.body["next_cursor"].as_str() else {
                assert_eq!(page.header("link"), "");
                break;
            };
            let link = page.header("link");
            let next = link.split(['<', '>']).nth(1).expect("a link").to_owned();
            assert!(link.ends_with("; rel=\"next\"") && next.contains(cursor));
            path = next;
        }
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 7, "{sort}: {seen:?}");
        if sort == "-number" {
            assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
        }
    }
}

async fn a_cursor_survives_inserts_and_deletes(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for i in 1..=6 {
        create_ticket(&app, &people.user, &format!("Ticket {i}")).await;
        app.clock.advance(TimeDelta::seconds(1));
    }
    let first = app.get("/tickets?limit=2").bearer(&people.agent).await.expect(200);
    assert_eq!(numbers(&first.body), [6, 5]);
    create_ticket(&app, &people.user, "Newer").await;
    app.delete("/tickets/5").bearer(&people.agent).await.expect(204);
    app.delete("/tickets/3").bearer(&people.agent).await.expect(204);
    let path = format!("/tickets?limit=10&cursor={}", first.text("/next_cursor"));
    let rest = app.get(&path).bearer(&people.agent).await.expect(200);
    assert_eq!(numbers(&rest.body), [4, 2, 1]);
}

async fn a_cursor_belongs_to_its_list(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for i in 1..=3 {
        create_ticket(&app, &people.user, &format!("Ticket {i}")).await;
    }
    let page = app.get("/tickets?limit=1").bearer(&people.admin).await.expect(200);
    let cursor = page.text("/next_cursor");
    for path in ["/tickets?sort=number&cursor=", "/tickets?status=new&cursor=", "/users?cursor="] {
        let refused = app.get(&format!("{path}{cursor}")).bearer(&people.admin).await.expect(422);
        assert_eq!(refused.faults(), ["cursor"]);
    }
}

async fn filters_narrow_and_widen(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let agent = user_id(&app, &people.agent).await;
    let make = async |category: &str, priority: &str, tag: &str| {
        let mut body = ticket("A");
        body["category"] = json!(category);
        body["priority"] = json!(priority);
        body["tags"] = json!([tag]);
        app.post("/tickets").bearer(&people.agent).json(&body).await.expect(201);
    };
    make("bug", "high", "web").await;
    make("billing", "low", "web").await;
    make("bug", "low", "app").await;
    let change = json!({"assignee_id": agent, "status": "in_progress"});
    app.patch("/tickets/3").bearer(&people.agent).json(&change).await.expect(200);

    let found = async |query: &str| {
        let path = format!("/tickets?sort=number&{query}");
        numbers(&app.get(&path).bearer(&people.agent).await.expect(200).body)
    };
    assert_eq!(found("category=bug").await, [1, 3]);
    assert_eq!(found("category=bug&category=billing&priority=low").await, [2, 3]);
    assert_eq!(found("tag=web&priority=high").await, [1]);
    assert_eq!(found("assignee_id=none").await, [1, 2]);
    assert_eq!(found("assignee_id=me").await, [3]);
    assert_eq!(found("assignee_id=me&assignee_id=none").await, [1, 2, 3]);
    assert_eq!(found("status=in_progress&status=resolved").await, [3]);
    assert_eq!(found(&format!("requester_id={agent}")).await, [1, 2, 3]);
    assert_eq!(found("source=extension").await, [0; 0]);
    assert_eq!(found("created_before=2026-01-31T12:00:00Z").await, [0; 0]);
    assert_eq!(found("created_after=2026-01-31T12:00:00Z").await, [1, 2, 3]);
    assert_eq!(found("needs_review=true").await, [0; 0]);
}

async fn words_are_found_in_title_text_and_comments(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let make = async |title: &str, description: &str| {
        let mut body = ticket(title);
        body["description"] = json!(description);
        app.post("/tickets").bearer(&people.user).json(&body).await.expect(201);
    };
    make("Printer is on fire", "Smoke everywhere").await;
    make("Question", "The printers of the third floor").await;
    make("Something else", "Nothing of note").await;
    let note = json!({"body": "It was the printer after all", "internal": true});
    app.post("/tickets/3/comments").bearer(&people.agent).json(&note).await.expect(201);

    let found = async |token: &str, q: &str| {
        let path = format!("/tickets?q={q}");
        numbers(&app.get(&path).bearer(token).await.expect(200).body)
    };
    assert_eq!(found(&people.agent, "printer").await, [1, 2, 3], "title, then text, then comments");
    assert_eq!(
        found(&people.user, "printer").await,
        [1, 2],
        "a note is not found by its requester"
    );
    assert_eq!(found(&people.agent, "PRINTERS%20floor").await, [2]);
    assert_eq!(found(&people.agent, "fire%20nothing").await, [0; 0]);
    for q in ["%22", "a%20AND", "NEAR(", "*", "%3A%3A", "%27%3B--", "%5C", "%25_"] {
        found(&people.agent, q).await;
    }
}

async fn others_tickets_are_invisible(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let other = app.login_as(atc_core::user::Role::User, "other@example.com").await;
    let made = create_ticket(&app, &people.user, "Mine").await;
    let id = made.text("/id");
    assert_eq!(numbers(&app.get("/tickets").bearer(&other).await.expect(200).body), [0; 0]);
    let stats = app.get("/tickets/stats").bearer(&other).await.expect(200);
    assert_eq!(stats.body["total"], 0);
    for path in [format!("/tickets/{id}"), "/tickets/1".into()] {
        let absent = app.get(&path).bearer(&other).await.expect(404);
        let never = app.get("/tickets/777").bearer(&other).await.expect(404);
        assert_eq!(absent.body["detail"], never.body["detail"]);
        app.patch(&path).bearer(&other).json(&json!({"title": "X"})).await.expect(404);
        app.get(&format!("{path}/comments")).bearer(&other).await.expect(404);
        app.get(&format!("{path}/events")).bearer(&other).await.expect(404);
        app.get(&format!("{path}/similar")).bearer(&other).await.expect(404);
        let comment = app.post(&format!("{path}/comments")).bearer(&other);
        comment.json(&json!({"body": "hi"})).await.expect(404);
    }
}
