//! Every route declares who may use it, and holds to it.

use atc_api::{Access, policy_table};
use atc_core::user::Role;
use atc_testkit::{TestApp, TestDb, on_both_engines};
use http::Method;
use serde_json::json;

use crate::fixtures::people;

on_both_engines!(every_route_keeps_to_its_declaration);

async fn every_route_keeps_to_its_declaration(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let table = policy_table();
    assert!(table.len() > 45, "{}", table.len());
    for ((path, method), access) in table {
        let path = path
            .replace("{comment_id}", "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11")
            .replace("{id}", "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11")
            .replace("{slug}", "no-such-category")
            .replace("{name}", "no-such-queue");
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
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
