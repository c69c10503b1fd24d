//! Notifications: who gets which, reading them, switching kinds off.

use atc_core::user::Role;
use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::{Value, json};

use crate::{
    fixtures::{create_ticket, people, user_id},
    live::{Live, event},
};

on_both_engines![
    people_are_told_what_others_did,
    notes_reach_staff_only_and_names_reach_whom_they_name,
    they_are_read_counted_and_switched_off,
    they_come_over_the_socket,
];

async fn kinds(app: &TestApp, token: &str) -> Vec<String> {
    let page = app.get("/notifications?limit=100").bearer(token).await.expect(200);
    let items = page.body["items"].as_array().expect("items").clone();
    let kind = |n: &Value| n["kind"].as_str().expect("a kind").to_owned();
    items.iter().rev().map(kind).collect()
}

async fn assign(app: &TestApp, ticket: &str, by: &str, to: &str) {
    let body = json!({"assignee_id": user_id(app, to).await});
    app.patch(&format!("/tickets/{ticket}")).bearer(by).json(&body).await.expect(200);
}

async fn comment(app: &TestApp, ticket: &str, by: &str, body: Value) {
    app.post(&format!("/tickets/{ticket}/comments")).bearer(by).json(&body).await.expect(201);
}

async fn people_are_told_what_others_did(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let id = create_ticket(&app, &people.user, "Printer").await.text("/id");
    assign(&app, &id, &people.admin, &people.agent).await;
    let path = format!("/tickets/{id}");
    app.patch(&path).bearer(&people.agent).json(&json!({"status": "pending"})).await.expect(200);
    comment(&app, &id, &people.agent, json!({"body": "Which one?"})).await;
    comment(&app, &id, &people.user, json!({"body": "The big one."})).await;
    assert_eq!(kinds(&app, &people.agent).await, ["assigned", "commented"]);
    assert_eq!(kinds(&app, &people.user).await, ["status_changed", "commented"]);
    assert_eq!(kinds(&app, &people.admin).await, Vec::<String>::new());
    let page = app.get("/notifications").bearer(&people.agent).await.expect(200);
    assert_eq!(page.body["items"][0]["ticket_id"], id);
    assert_eq!(page.body["items"][0]["actor"]["email"], "user@example.com");
    app.delete(&path).bearer(&people.admin).await.expect(204);
    assert_eq!(kinds(&app, &people.agent).await, Vec::<String>::new(), "gone with the ticket");
}

async fn notes_reach_staff_only_and_names_reach_whom_they_name(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.login_as(Role::User, "stranger@example.com").await;
    let twin = app.login_as(Role::Agent, "twin@a.example").await;
    app.login_as(Role::Agent, "twin@b.example").await;
    let id = create_ticket(&app, &people.user, "Printer").await.text("/id");
    let note = "@user @agent, @stranger@example.com: look";
    comment(&app, &id, &people.admin, json!({"body": note, "internal": true})).await;
    assert_eq!(kinds(&app, &people.agent).await, ["mentioned"]);
    assert_eq!(kinds(&app, &people.user).await, Vec::<String>::new());
    comment(&app, &id, &people.admin, json!({"body": "@twin mail x@agent or @USER@example.com."}))
        .await;
    assert_eq!(kinds(&app, &twin).await, Vec::<String>::new(), "two have that name");
    assert_eq!(kinds(&app, &people.user).await, ["mentioned"], "and not commented as well");
    assert_eq!(kinds(&app, &people.agent).await, ["mentioned"]);
    comment(&app, &id, &people.admin, json!({"body": "(@twin@a.example)"})).await;
    assert_eq!(kinds(&app, &twin).await, ["mentioned"]);
}

async fn they_are_read_counted_and_switched_off(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let id = create_ticket(&app, &people.user, "Printer").await.text("/id");
    for n in 0..3 {
        comment(&app, &id, &people.agent, json!({"body": format!("{n}")})).await;
    }
    let unread = async || {
        let count = app.get("/notifications/unread-count").bearer(&people.user).await.expect(200);
        count.body["unread"].clone()
    };
    assert_eq!(unread().await, 3);
    let first = app.get("/notifications?limit=1").bearer(&people.user).await.expect(200);
    let path = format!("/notifications/{}/read", first.text("/items/0/id"));
    app.post(&path).bearer(&people.agent).await.expect(404);
    let read = app.post(&path).bearer(&people.user).await.expect(200);
    assert_eq!(read.body["read"], true);
    app.post(&path).bearer(&people.user).await.expect(200);
    let page = app.get("/notifications?unread=true&include_total=true").bearer(&people.user);
    assert_eq!(page.await.expect(200).body["total"], 2);
    let all = app.post("/notifications/read-all").bearer(&people.user).await.expect(200);
    assert_eq!(all.body["read"], 2);
    assert_eq!(unread().await, 0);

    let preferences = "/notifications/preferences";
    let put =
        |body: Value| app.call(http::Method::PUT, preferences).bearer(&people.user).json(&body);
    let off = put(json!({"commented": false})).await.expect(200);
    assert_eq!((&off.body["commented"], &off.body["assigned"]), (&json!(false), &json!(true)));
    put(json!({"nonsense": false})).await.expect(422);
    comment(&app, &id, &people.agent, json!({"body": "unheard"})).await;
    assert_eq!(unread().await, 0);
    put(json!({"commented": true})).await.expect(200);
    comment(&app, &id, &people.agent, json!({"body": "heard"})).await;
    assert_eq!(unread().await, 1);
}

async fn they_come_over_the_socket(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let mut mine = live.follow("/ws/notifications", &people.user).await;
    let mut theirs = live.follow("/ws/notifications", &people.agent).await;
    let id = create_ticket(&live.app, &people.user, "Printer").await.text("/id");
    comment(&live.app, &id, &people.agent, json!({"body": "Hello"})).await;
    let told = event(&mut mine).await;
    assert_eq!(
        (&told["type"], &told["data"]["kind"]),
        (&json!("notification"), &json!("commented"))
    );
    assign(&live.app, &id, &people.admin, &people.agent).await;
    let told = event(&mut theirs).await;
    assert_eq!(told["data"]["kind"], "assigned", "and nothing of the other one before");
    assert_eq!(told["data"]["ticket_id"], id);
    live.stop().await;
}
