//! Every route declares who may use it, and holds to it.

use atc_api::{Access, policy_table};
use atc_core::{token::Scope, user::Role};
use atc_testkit::{TestApp, TestDb, on_both_engines};
use http::Method;
use serde_json::json;

use crate::fixtures::{create_ticket, people};

on_both_engines!(
    every_route_keeps_to_its_declaration,
    a_read_only_token_opens_what_its_scopes_say_and_nothing_else,
    what_belongs_to_others_is_not_there,
);

/// A path of the table with parameters that name nothing.
fn filled(path: &str) -> String {
    path.replace("{comment_id}", NOTHING)
        .replace("{delivery_id}", NOTHING)
        .replace("{action_id}", NOTHING)
        .replace("{id}", NOTHING)
        .replace("{slug}", "no-such-category")
        .replace("{name}", "no-such-queue")
}

const NOTHING: &str = "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11";

fn method(name: &str) -> Method {
    Method::from_bytes(name.to_uppercase().as_bytes()).expect("a method")
}

async fn every_route_keeps_to_its_declaration(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let table = policy_table();
    assert!(table.len() > 45, "{}", table.len());
    for ((path, method), access) in table {
        let (path, method) = (filled(&path), self::method(method));
        let call = |token: Option<&str>| {
            let call = app.call(method.clone(), &path);
            let call = if let Some(token) = token { call.bearer(token) } else { call };
            call.json(&json!({}))
        };
        let Access::Can(action) = access else {
            assert_ne!(call(None).await.status, 401, "{method} {path} is for everyone");
            continue;
        };
        if path.ends_with("/auth/logout") {
            continue;
        }
        call(None).await.expect(401);
        for (role, token) in
            [(Role::User, &people.user), (Role::Agent, &people.agent), (Role::Admin, &people.admin)]
        {
            let answer = call(Some(token)).await;
            let allowed = role >= action.requirement().role;
            assert_eq!(answer.status != 403, allowed, "{role} {method} {path}: {}", answer.status);
            assert_ne!(answer.status, 500, "{role} {method} {path}");
        }
    }
}

async fn a_read_only_token_opens_what_its_scopes_say_and_nothing_else(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let scopes = [Scope::TicketsRead, Scope::FilesRead, Scope::KnowledgeRead];
    let wanted: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let wanted = json!({"name": "reader", "scopes": wanted});
    // Of an administrator: whatever it cannot do, it cannot for want of a scope.
    let made = app.post("/tokens").bearer(&people.admin).json(&wanted).await.expect(201);
    let reader = made.text("/token");
    let mut opened = 0;
    for ((path, name), access) in policy_table() {
        let Access::Can(action) = access else { continue };
        let (path, method) = (filled(&path), method(name));
        let answer = app.call(method.clone(), &path).bearer(&reader).json(&json!({})).await;
        let needs = action.requirement().scope;
        let allowed = needs.is_some_and(|scope| scopes.contains(&scope));
        assert_eq!(answer.status != 403, allowed, "{method} {path}: {}", answer.status);
        assert_ne!(answer.status, 500, "{method} {path}");
        let writes = matches!(name, "put" | "patch" | "delete");
        assert!(!(allowed && writes), "{method} {path} is open to who may only read");
        opened += usize::from(allowed);
    }
    assert!(opened > 20, "{opened}");
}

async fn what_belongs_to_others_is_not_there(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let other = app.login_as(Role::User, "other@example.com").await;
    let ticket = create_ticket(&app, &people.user, "Mine").await.text("/id");
    let comments = format!("/tickets/{ticket}/comments");
    let body = json!({"body": "Any news?"});
    let comment =
        app.post(&comments).bearer(&people.user).json(&body).await.expect(201).text("/id");
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nE\r\n--b--\r\n";
    let upload = app.post("/files/upload").bearer(&people.user);
    let file = upload.raw("multipart/form-data; boundary=b", form).await.expect(201).text("/id");
    let mut asked = 0;
    for ((path, name), access) in policy_table() {
        let Access::Can(action) = access else { continue };
        let id = match path.trim_start_matches("/api/v1/").split('/').next() {
            _ if !path.contains("{id}") || action.requirement().role > Role::User => continue,
            Some("tickets") => &ticket,
            Some("files") => &file,
            _ => continue,
        };
        let path = path.replace("{comment_id}", &comment).replace("{id}", id);
        let call = || app.call(method(name), &path).bearer(&other);
        // A body that is legal, so that nothing but the rights refuses.
        let legal = if path.ends_with("/complete") {
            json!({"etags": ["a"]})
        } else if path.ends_with("/comments") || path.contains("/comments/") {
            json!({"body": "Let me in."})
        } else {
            json!({"title": "Mine now"})
        };
        let answer = if name == "get" { call().await } else { call().json(&legal).await };
        assert_eq!(answer.status, 404, "{name} {path}");
        asked += 1;
    }
    assert!(asked >= 12, "{asked}");
}
