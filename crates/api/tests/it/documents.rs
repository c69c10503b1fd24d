//! The documents of the API.

use std::collections::HashSet;

use atc_core::ErrorCode;
use atc_testkit::{TestApp, TestDb};
use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&atc_api::document()).expect("JSON")
}

#[test]
fn the_document_is_what_it_was() {
    insta::assert_snapshot!("openapi", atc_api::document());
}

#[test]
fn every_schema_has_an_example() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let without: Vec<_> = schemas
        .iter()
        // A page of things is a list; its rows have their examples.
        .filter(|(name, schema)| {
            !name.starts_with("PageBody")
                && !name.starts_with("ItemsBody")
                && schema.get("example").is_none()
                && schema.get("examples").is_none()
        })
        .map(|(name, _)| name)
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn a_word_of_the_api_is_shown_as_it_is_sent() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let words =
        schemas.iter().filter_map(|(name, schema)| Some((name, schema, schema.get("enum")?)));
    let mut seen = 0;
    for (name, schema, words) in words {
        let words = words.as_array().expect("words");
        let example = schema.get("example").or_else(|| schema["examples"].get(0));
        assert!(words.contains(example.expect("an example")), "{name}: {schema}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
    assert_eq!(schemas["Role"]["enum"], serde_json::json!(["user", "agent", "admin"]));
}

#[test]
fn every_operation_is_described_and_has_an_id_of_its_own() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = HashSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{place}: {id} stands twice");
            assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{place}");
            assert!(operation["tags"].as_array().is_some_and(|t| t.len() == 1), "{place}");
            let named = operation["parameters"].as_array().cloned().unwrap_or_default();
            for part in path.split('/').filter(|p| p.starts_with('{')) {
                let name = part.trim_matches(['{', '}']);
                assert!(named.iter().any(|p| p["name"] == name), "{place}: {name}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = target.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|v| walk(v, document));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(v, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[tokio::test]
async fn the_program_serves_its_documents() {
    let db = TestDb::sqlite().await;
    let app = TestApp::new(&db);
    let served = app.get("/openapi.json").await.expect(200);
    assert_eq!(served.body, document());
    for (page, bundle) in [("/docs", "swagger-ui-bundle.js"), ("/redoc", "redoc.standalone.js")] {
        let html = app.get(page).await.expect(200);
        let html = String::from_utf8_lossy(&html.bytes).into_owned();
        assert!(html.contains(bundle) && !html.contains("http"), "nothing comes from elsewhere");
        let script = app.get(&format!("/docs/assets/vendor/{bundle}")).await.expect(200);
        assert!(script.bytes.len() > 100_000, "{bundle}");
    }
    app.get("/docs/assets/../../Cargo.toml").await.expect(404);
    for code in ErrorCode::ALL {
        let page = app.get(&format!("/problems/{}", code.slug())).await.expect(200);
        assert!(String::from_utf8_lossy(&page.bytes).contains(code.title()));
    }
    db.close().await;
}

#[tokio::test]
async fn problems_look_as_they_always_did() {
    let db = TestDb::sqlite().await;
    let app = TestApp::new(&db);
    insta::assert_json_snapshot!("problem_401", body(app.get("/tickets")).await);
    insta::assert_json_snapshot!("problem_404", body(app.get("/nowhere")).await);
    insta::assert_json_snapshot!("problem_405", body(app.delete("/tickets")).await);
    let broken = app.post("/auth/login").raw("application/json", "{");
    insta::assert_json_snapshot!("problem_400", body(broken).await);
    let invalid = serde_json::json!({"email": "x", "password": "short", "nickname": "y"});
    insta::assert_json_snapshot!(
        "problem_422",
        body(app.post("/auth/register").json(&invalid)).await
    );
    db.close().await;
}

async fn body(call: atc_testkit::Call<'_>) -> Value {
    call.header("x-request-id", "snapshot").await.body
}
