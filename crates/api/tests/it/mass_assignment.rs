//! No body sets what its call does not offer: every body of the document is sent with more in it.

use std::collections::{BTreeMap, BTreeSet};

use atc_core::user::Role;
use atc_testkit::{TestApp, TestDb, on_both_engines};
use http::Method;
use serde_json::{Map, Value, json};

use crate::fixtures::{People, create_ticket, people, user_id};

on_both_engines!(
    a_field_that_is_not_offered_is_named_and_changes_nothing,
    a_user_sets_nothing_that_is_for_staff,
    nobody_makes_themselves_more_than_they_are,
);

const NOTHING: &str = "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11";

/// What people try to set: rights, owners, identities, times, states, and what languages stumble over.
const TRIED: &[&str] = &[
    "__proto__",
    "admin",
    "assignee_id",
    "attachments",
    "author_id",
    "caller",
    "closed_at",
    "comment_count",
    "constructor",
    "created_at",
    "created_by",
    "deleted_at",
    "email",
    "enabled",
    "expires_at",
    "external_links",
    "id",
    "internal",
    "is_active",
    "is_admin",
    "metadata",
    "number",
    "owner_id",
    "password",
    "password_hash",
    "permissions",
    "published",
    "requester",
    "requester_email",
    "requester_id",
    "resolved_at",
    "role",
    "scopes",
    "secret",
    "sha256",
    "status",
    "team_id",
    "tenant_id",
    "token",
    "triage",
    "updated_at",
    "uploaded_by",
    "user_id",
    "version",
];

/// Which of these a call offers. What is added here is looked at by whoever adds it.
const OFFERED: &[(&str, &[&str])] = &[
    ("patch /api/v1/auth/me", &["password"]),
    ("patch /api/v1/categories/{slug}", &["team_id"]),
    ("patch /api/v1/knowledge/articles/{id}", &["published"]),
    ("patch /api/v1/teams/{id}", &[]),
    ("patch /api/v1/tickets/{id}", &["assignee_id", "metadata", "status", "team_id"]),
    ("patch /api/v1/tickets/{id}/comments/{comment_id}", &["internal"]),
    ("patch /api/v1/users/{id}", &["is_active", "role"]),
    ("patch /api/v1/webhook-endpoints/{id}", &["enabled"]),
    ("patch /api/v1/ai/tool-servers/{id}", &["enabled"]),
    ("post /api/v1/ai/tool-servers", &["enabled"]),
    ("post /api/v1/auth/login", &["email", "password"]),
    ("post /api/v1/auth/register", &["email", "password"]),
    ("post /api/v1/categories", &["team_id"]),
    ("post /api/v1/files/upload", &[]),
    ("post /api/v1/files/uploads", &["sha256"]),
    ("post /api/v1/knowledge/articles", &["published"]),
    ("post /api/v1/tickets", &["assignee_id", "metadata", "requester_email", "team_id"]),
    ("post /api/v1/tickets/{id}/comments", &["internal"]),
    ("post /api/v1/tokens", &["expires_at", "scopes"]),
    ("post /api/v1/users", &["email", "password", "role"]),
    ("post /api/v1/webhook-endpoints", &[]),
    ("put /api/v1/tickets/{id}", &["assignee_id", "metadata", "status", "team_id"]),
];

/// The bodies of the document: of each call, and the fields that it offers.
fn bodies() -> Vec<(String, String, BTreeSet<String>)> {
    let document: Value = serde_json::from_str(&atc_api::document()).expect("JSON");
    let schemas = &document["components"]["schemas"];
    let mut bodies = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let content = &operation["requestBody"]["content"];
            let Some(content) = content.as_object() else { continue };
            for (media_type, described) in content {
                let name = described["schema"]["$ref"].as_str().unwrap_or_default();
                let schema = match name.rsplit('/').next() {
                    Some(name) if !name.is_empty() => &schemas[name],
                    _ => &described["schema"],
                };
                // Bytes have no fields.
                let Some(fields) = schema["properties"].as_object() else { continue };
                let fields = fields.keys().cloned().collect();
                let place = format!("{method} {path}");
                bodies.push((place, media_type.clone(), fields));
            }
        }
    }
    bodies
}

/// The path with parameters that name nothing.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{slug}" | "{name}" | "{platform}" => "none".to_owned(),
        part if part.starts_with('{') => NOTHING.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn a_field_that_is_not_offered_is_named_and_changes_nothing(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let offered: BTreeMap<&str, &[&str]> = OFFERED.iter().copied().collect();
    let all = bodies();
    assert!(all.len() > 20, "{}", all.len());
    let mut unknown = Vec::new();
    for (place, media_type, fields) in all {
        let (method, path) = place.split_once(' ').expect("a method and a path");
        let own: Vec<&str> =
            TRIED.iter().copied().filter(|field| fields.contains(*field)).collect();
        let known = offered.get(place.as_str()).copied().unwrap_or_default();
        if own != known {
            unknown.push(format!("{place}: {own:?}"));
        }
        let foreign = TRIED.iter().copied().filter(|field| !fields.contains(*field));
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        for field in foreign {
            let call = app.call(method.clone(), &filled(path)).bearer(&people.admin);
            let answer = if media_type.starts_with("multipart") {
                let form = format!(
                    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\na\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n1\r\n--b--\r\n"
                );
                call.raw("multipart/form-data; boundary=b", form).await
            } else {
                let body = Map::from_iter([(field.to_owned(), json!("x"))]);
                call.json(&Value::Object(body)).await
            };
            assert_eq!(answer.status, 422, "{place} {field}");
            assert!(
                answer.faults().contains(&format!("/{field}")),
                "{place} {:?}",
                answer.faults()
            );
        }
    }
    assert!(unknown.is_empty(), "offers what nobody has looked at: {unknown:?}");
    let list = app.get("/files?include_total=true").bearer(&people.admin).await.expect(200);
    assert_eq!(list.body["total"], 0);
}

async fn refused_and_unchanged(app: &TestApp, people: &People, token: &str, change: &Value) {
    let made = create_ticket(app, &people.user, "Mine").await;
    let path = format!("/tickets/{}", made.text("/id"));
    for method in [Method::PATCH, Method::PUT] {
        let answer = app.call(method.clone(), &path).bearer(token).json(change).await;
        assert!([403, 422].contains(&answer.status.as_u16()), "{method} {change}: {answer:?}");
    }
    let seen = app.get(&path).bearer(&people.agent).await.expect(200);
    for field in ["status", "priority", "category", "assignee", "team", "version", "title"] {
        assert_eq!(seen.body[field], made.body[field], "{change} changed {field}");
    }
}

async fn a_user_sets_nothing_that_is_for_staff(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let agent = user_id(&app, &people.agent).await;
    for (field, value) in [
        ("assignee_id", json!(agent)),
        ("assignee_id", json!(null)),
        ("team_id", json!(NOTHING)),
        ("priority", json!("critical")),
        ("category", json!("security")),
        ("status", json!("resolved")),
        ("status", json!("in_progress")),
    ] {
        // Beside something that is theirs to change: all or nothing.
        let change = json!({"title": "Changed", field: value});
        refused_and_unchanged(&app, &people, &people.user, &change).await;
    }
    for (field, value) in [
        ("assignee_id", json!(agent)),
        ("team_id", json!(NOTHING)),
        ("requester_email", json!("agent@example.com")),
    ] {
        let body = json!({
            "title": "A", "description": "", "category": "bug", "priority": "low", field: value
        });
        let answer = app.post("/tickets").bearer(&people.user).json(&body).await;
        assert!([403, 422].contains(&answer.status.as_u16()), "{field}: {answer:?}");
    }
    // A note for staff alone is none that its author could not read.
    let made = create_ticket(&app, &people.user, "Mine").await;
    let path = format!("/tickets/{}/comments", made.text("/id"));
    let note = json!({"body": "Psst.", "internal": true});
    let answer = app.post(&path).bearer(&people.user).json(&note).await;
    assert!([403, 422].contains(&answer.status.as_u16()), "{answer:?}");
}

async fn nobody_makes_themselves_more_than_they_are(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let admin = user_id(&app, &people.admin).await;
    for token in [&people.user, &people.agent] {
        let own = user_id(&app, token).await;
        for id in [&own, &admin] {
            for body in [json!({"role": "admin"}), json!({"is_active": false})] {
                let path = format!("/users/{id}");
                app.patch(&path).bearer(token).json(&body).await.expect(403);
            }
        }
        for body in [json!({"role": "admin"}), json!({"full_name": "A", "role": "admin"})] {
            let refused = app.patch("/auth/me").bearer(token).json(&body).await.expect(422);
            assert_eq!(refused.faults(), ["/role"]);
        }
        let scopes = json!({"name": "All", "scopes": ["admin"]});
        let made = app.post("/tokens").bearer(token).json(&scopes).await.expect(201);
        let all = made.text("/token");
        app.get("/users").bearer(&all).await.expect(403);
        app.patch(&format!("/users/{own}"))
            .bearer(&all)
            .json(&json!({"role": "admin"}))
            .await
            .expect(403);
        // And no token makes another one, of whatever scope.
        app.post("/tokens").bearer(&all).json(&scopes).await.expect(403);
    }
    let body = json!({
        "email": "new@example.com", "password": atc_testkit::PASSWORD, "full_name": "New",
        "role": "admin"
    });
    let refused = app.post("/auth/register").json(&body).await.expect(422);
    assert_eq!(refused.faults(), ["/role"]);
    // The same words in another form are no other field.
    for field in ["Role", "ROLE", "role ", "role\u{200b}", "user.role", "user[role]"] {
        let mut body = body.clone();
        body.as_object_mut().expect("an object").remove("role");
        body[field] = json!("admin");
        app.post("/auth/register").json(&body).await.expect(422);
    }
    let seen = app.get("/users?limit=100").bearer(&people.admin).await.expect(200);
    let admins = seen.body["items"].as_array().expect("rows").iter();
    assert_eq!(admins.filter(|user| user["role"] == Role::Admin.as_str()).count(), 1);
}
