//! Articles, and finding them by their words. By meaning: see `triage`, which needs the model.

use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::{Value, json};

use crate::fixtures::people;

on_both_engines!(articles_are_managed, articles_are_found_by_words_at_once, drafts_are_for_staff);

fn article(title: &str, body: &str) -> Value {
    json!({"title": title, "body": body})
}

async fn articles_are_managed(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = article("Refunds", "Within **five** days.");
    app.post("/knowledge/articles").bearer(&people.user).json(&body).await.expect(403);
    let made = app.post("/knowledge/articles").bearer(&people.agent).json(&body).await.expect(201);
    assert_eq!(made.body["published"], true);
    let path = format!("/knowledge/articles/{}", made.text("/id"));
    let change = app.patch(&path).bearer(&people.agent).json(&json!({"title": "Money back"}));
    assert_eq!(change.await.expect(200).text("/title"), "Money back");
    app.get(&path).bearer(&people.user).await.expect(200);
    app.delete(&path).bearer(&people.agent).await.expect(204);
    app.get(&path).bearer(&people.agent).await.expect(404);
}

async fn articles_are_found_by_words_at_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for (title, body) in [
        ("Refunds", "A double charge is refunded within five days."),
        ("Printers", "Printers live on the third floor. 🖨️ Ask for paper."),
    ] {
        let made = app.post("/knowledge/articles").bearer(&people.agent);
        made.json(&article(title, body)).await.expect(201);
    }
    let find = async |q: &str, mode: &str| {
        let path = format!("/knowledge/search?q={q}&mode={mode}");
        app.get(&path).bearer(&people.user).await.expect(200).body["items"].clone()
    };
    for mode in ["keyword", "hybrid"] {
        let found = find("printer", mode).await;
        assert_eq!(found[0]["article"]["title"], "Printers", "{mode}: {found}");
        assert!(found[0]["snippet"].as_str().is_some_and(|s| s.contains("third floor")));
        let score = found[0]["score"].as_f64().expect("a score");
        assert!((0.0..=1.0).contains(&score));
    }
    for q in ["%22", "NEAR(", "a%20OR", "*", "%27%3B--", "%3F%21"] {
        find(q, "hybrid").await;
    }
    let refused = app.get("/knowledge/search?mode=magic&limit=0").bearer(&people.user).await;
    assert_eq!(refused.expect(422).faults(), ["limit", "mode", "q"]);
}

async fn drafts_are_for_staff(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut draft = article("Secret plans", "Nobody knows of the unicorn.");
    draft["published"] = json!(false);
    let made = app.post("/knowledge/articles").bearer(&people.agent).json(&draft).await.expect(201);
    let path = format!("/knowledge/articles/{}", made.text("/id"));
    app.get(&path).bearer(&people.user).await.expect(404);
    let list = app.get("/knowledge/articles").bearer(&people.user).await.expect(200);
    assert_eq!(list.body["items"], json!([]));
    let search = "/knowledge/search?q=unicorn&mode=keyword";
    assert_eq!(app.get(search).bearer(&people.user).await.expect(200).body["items"], json!([]));
    let found = app.get(search).bearer(&people.agent).await.expect(200);
    assert_eq!(found.body["items"].as_array().map(Vec::len), Some(1));
}
