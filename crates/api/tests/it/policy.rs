//! Every route declares who may use it, and holds to it.

use std::collections::BTreeSet;

use atc_api::{Access, policy_table};
use atc_core::{token::Scope, user::Role};
use atc_testkit::{TestApp, TestDb, on_both_engines};
use http::Method;
use serde_json::{Value, json};

use crate::fixtures::{People, create_ticket, eventually, people};

on_both_engines!(
    every_route_keeps_to_its_declaration,
    a_read_only_token_opens_what_its_scopes_say_and_nothing_else,
    what_belongs_to_others_is_not_there,
    no_path_answers_a_method_that_is_not_in_the_table,
);

/// A path of the table with parameters that name nothing.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{slug}" | "{name}" | "{platform}" => "no-such-thing".to_owned(),
        part if part.starts_with('{') => NOTHING.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
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
    let token = json!({"name": "Mine", "scopes": ["tickets:read"]});
    let token = app.post("/tokens").bearer(&people.user).json(&token).await.expect(201).text("/id");
    let notification = notification(&app, &people, &ticket).await;
    let mut asked = 0;
    for ((path, name), access) in policy_table() {
        let Access::Can(action) = access else { continue };
        let id = match path.trim_start_matches("/api/v1/").split('/').next() {
            _ if !path.contains("{id}") || action.requirement().role > Role::User => continue,
            Some("tickets") => &ticket,
            Some("files") if !path.starts_with("/api/v1/files/uploads") => &file,
            Some("tokens") => &token,
            Some("notifications") => &notification,
            // Articles are everybody's; of the others their own tests ask as somebody else.
            Some("knowledge" | "assistant" | "auth" | "files") => continue,
            other => panic!("whose is it? Say so here: {other:?} of {path}"),
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

/// Something that the user is told, and nobody else.
async fn notification(app: &TestApp, people: &People, ticket: &str) -> String {
    let body = json!({"body": "We look into it."});
    let path = format!("/tickets/{ticket}/comments");
    app.post(&path).bearer(&people.agent).json(&body).await.expect(201);
    app.app.start_background();
    let mut id = String::new();
    eventually("the user is told", async || {
        let list = app.get("/notifications").bearer(&people.user).await.expect(200);
        list.body["items"][0]["id"].as_str().unwrap_or_default().clone_into(&mut id);
        !id.is_empty()
    })
    .await;
    id
}

async fn no_path_answers_a_method_that_is_not_in_the_table(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = app.login_as(Role::Admin, "admin@example.com").await;
    let table = policy_table();
    let paths: BTreeSet<&str> = table.keys().map(|(path, _)| path.as_str()).collect();
    let is_listed = |path: &str, name: &str| table.keys().any(|(p, m)| p == path && *m == name);
    for path in paths {
        for name in ["get", "put", "post", "patch", "delete", "trace", "propfind"] {
            if is_listed(path, name) {
                continue;
            }
            let answer =
                app.call(method(name), &filled(path)).bearer(&admin).json(&json!({})).await;
            let listed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            assert_eq!(answer.status, 405, "{name} {path}");
            for allowed in listed.iter().filter(|allowed| !["HEAD", ""].contains(*allowed)) {
                assert!(is_listed(path, &allowed.to_lowercase()), "{path} allows {allowed}");
            }
        }
    }
}

#[test]
fn the_document_and_the_table_name_the_same_routes() {
    let document: Value = serde_json::from_str(&atc_api::document()).expect("JSON");
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let action = operation["x-access"]["action"].as_str().unwrap_or("everyone");
            described.insert((path.clone(), method.clone(), action.to_owned()));
        }
    }
    let declared: BTreeSet<_> = policy_table()
        .into_iter()
        .map(|((path, method), access)| {
            let action = match access {
                Access::Can(action) => action.as_str(),
                Access::Public => "everyone",
            };
            (path, method.to_owned(), action.to_owned())
        })
        .collect();
    assert_eq!(declared, described);
    // Whoever opens a route to everyone says so here as well.
    let open: BTreeSet<&str> = declared
        .iter()
        .filter(|(_, _, action)| action == "everyone")
        .map(|(path, _, _)| path.as_str())
        .collect();
    let expected = [
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/auth/register",
        // Their address is signed.
        "/api/v1/files/links/{word}",
        "/api/v1/files/parts/{word}",
        "/health",
        "/health/live",
        "/health/ready",
    ];
    assert_eq!(open.into_iter().collect::<Vec<_>>(), expected);
}
