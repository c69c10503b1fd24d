//! Categories and teams.

use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::json;

use crate::fixtures::{create_ticket, people, user_id};

on_both_engines!(nine_come_with_the_program, categories_are_managed, teams_are_managed);

async fn nine_come_with_the_program(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let list = app.get("/categories?limit=100").bearer(&user).await.expect(200);
    let items = list.body["items"].as_array().expect("items");
    let slugs: Vec<_> = items.iter().filter_map(|c| c["slug"].as_str()).collect();
    assert_eq!(
        slugs,
        [
            "billing",
            "bug",
            "feature_request",
            "general",
            "integration",
            "performance",
            "security",
            "technical",
            "user_access"
        ]
    );
}

async fn categories_are_managed(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = json!({"slug": "hardware", "name": "Hardware", "description": "Laptops", "examples": ["My laptop is broken"]});
    app.post("/categories").bearer(&people.agent).json(&body).await.expect(403);
    let made = app.post("/categories").bearer(&people.admin).json(&body).await.expect(201);
    assert_eq!(made.header("location"), "/api/v1/categories/hardware");
    app.post("/categories").bearer(&people.admin).json(&body).await.expect(409);
    let bad = json!({"slug": "No", "name": "", "examples": ["", "x"], "default_priority": "p1"});
    let refused = app.post("/categories").bearer(&people.admin).json(&bad).await.expect(422);
    assert_eq!(refused.faults(), ["/default_priority"]);
    let team = json!({"team_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"});
    let refused = app.patch("/categories/hardware").bearer(&people.admin).json(&team).await;
    assert_eq!(refused.expect(422).faults(), ["/team_id"]);

    create_ticket(&app, &people.user, "A").await;
    let rename = json!({"slug": "it", "default_priority": "low"});
    app.patch("/categories/technical").bearer(&people.admin).json(&rename).await.expect(200);
    let ticket = app.get("/tickets/1").bearer(&people.user).await.expect(200);
    assert_eq!(ticket.text("/category"), "it", "tickets follow their category's new name");
    app.delete("/categories/it").bearer(&people.admin).await.expect(409);
    app.delete("/categories/hardware").bearer(&people.admin).await.expect(204);
    app.get("/categories/hardware").bearer(&people.user).await.expect(404);
}

async fn teams_are_managed(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let (agent, user) = (user_id(&app, &people.agent).await, user_id(&app, &people.user).await);
    let with = |member: &str| json!({"name": "Line", "member_ids": [member]});
    let refused = app.post("/teams").bearer(&people.admin).json(&with(&user)).await.expect(422);
    assert_eq!(refused.faults(), ["/member_ids/0"]);
    let made = app.post("/teams").bearer(&people.admin).json(&with(&agent)).await.expect(201);
    app.post("/teams").bearer(&people.admin).json(&with(&agent)).await.expect(409);
    app.get("/teams").bearer(&people.user).await.expect(403);
    let path = format!("/teams/{}", made.text("/id"));
    let change = json!({"name": "Second line", "strategy": "least_loaded", "member_ids": []});
    let changed = app.patch(&path).bearer(&people.admin).json(&change).await.expect(200);
    assert_eq!(changed.body["member_ids"], json!([]));
    app.delete(&path).bearer(&people.admin).await.expect(204);
    app.get(&path).bearer(&people.agent).await.expect(404);
}
