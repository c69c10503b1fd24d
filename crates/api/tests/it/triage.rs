//! Triage through the door, with the real model; and without it.

use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::{Value, json};

use crate::fixtures::{eventually, people};

on_both_engines!(
    words_become_a_ticket_even_without_a_model,
    a_draft_stores_nothing,
    what_a_person_says_is_never_overwritten,
    a_sentence_becomes_a_good_ticket,
    meaning_finds_articles_and_duplicates,
    what_people_decide_is_learnt,
    a_batch_answers_in_order,
);

const INVOICE: &str = "Hi team,\n\nour card was charged twice for invoice INV-20417 in October. \
    Please refund one of the payments.\n\nThanks,\nExample Person";

async fn words_become_a_ticket_even_without_a_model(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = json!({"text": INVOICE, "context": {"page_url": "https://example.com/billing"}});
    let made = app.post("/tickets/ai").bearer(&people.user).json(&body).await.expect(201);
    assert_eq!(made.text("/source"), "ai");
    assert_eq!(made.body["triage"]["degraded"], true);
    assert_eq!(made.text("/triage/category"), made.text("/category"));
    assert!(made.text("/description").contains("INV-20417"));
    assert!(
        !made.text("/title").starts_with("Hi"),
        "a greeting is no title: {}",
        made.text("/title")
    );
    let health = app.get("/health").await.expect(200);
    assert_eq!(health.text("/status"), "degraded");
    assert!(health.text("/components/ai/detail").contains("models"), "{}", health.body);
}

async fn a_draft_stores_nothing(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let path = "/tickets/ai?dry_run=true";
    let draft =
        app.post(path).bearer(&people.user).json(&json!({"text": INVOICE})).await.expect(200);
    assert!(draft.body.get("id").is_none());
    assert_eq!(draft.text("/triage/category"), draft.text("/category"));
    let list = app.get("/tickets?include_total=true").bearer(&people.admin).await.expect(200);
    assert_eq!(list.body["total"], 0);
}

async fn what_a_person_says_is_never_overwritten(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = json!({"title": "Charged twice", "description": INVOICE, "category": "security"});
    let made = app.post("/tickets").bearer(&people.user).json(&body).await.expect(201);
    assert_eq!(made.text("/category"), "security");
    assert_eq!(made.text("/priority"), made.text("/triage/priority"));
    let change = json!({"priority": "critical"});
    app.patch("/tickets/1").bearer(&people.agent).json(&change).await.expect(200);
    let again = app.post("/tickets/1/triage").bearer(&people.agent).await.expect(200);
    assert_eq!(
        (again.text("/category"), again.text("/priority")),
        ("security".into(), "critical".into())
    );
}

async fn a_sentence_becomes_a_good_ticket(db: &TestDb) {
    let Some(app) = TestApp::with_models(db) else { return };
    eventually("the model is there", async || {
        app.get("/health").await.text("/components/ai/status") == "ok"
    })
    .await;
    let people = people(&app).await;
    let made = app.post("/tickets/ai").bearer(&people.user).json(&json!({"text": INVOICE}));
    let made = made.await.expect(201);
    assert_eq!(made.text("/category"), "billing", "{}", made.body);
    let triage = &made.body["triage"];
    assert_eq!((&triage["degraded"], &triage["language"]), (&json!(false), &json!("en")));
    assert!(triage["confidence"].as_f64().is_some_and(|c| (0.3..=1.0).contains(&c)), "{triage}");
    assert!(
        made.text("/title").to_lowercase().contains("charged twice"),
        "{}",
        made.text("/title")
    );
    assert!(made.body["tags"].to_string().contains("INV-20417"), "{}", made.body["tags"]);
    assert!(made.text("/triage/rationale").len() > 20);

    for (text, category) in [
        ("I forgot my password and cannot sign in to my account", "user_access"),
        ("It would be great if we could export reports to Excel", "feature_request"),
        ("The dashboard takes over a minute to load since yesterday", "performance"),
        (
            "Somebody logged into my account from another country, I think we were hacked",
            "security",
        ),
        (
            "Webhook deliveries to our CRM fail with HTTP 401 since the API key rotation",
            "integration",
        ),
    ] {
        let read = app.post("/ai/categorize").bearer(&people.user).json(&json!({"text": text}));
        let read = read.await.expect(200);
        assert_eq!(read.text("/category"), category, "{text}: {}", read.body);
    }
}

async fn meaning_finds_articles_and_duplicates(db: &TestDb) {
    let Some(app) = TestApp::with_models(db) else { return };
    app.app.start_background();
    let people = people(&app).await;
    for (title, body) in [
        ("How to get a refund", "# Money back\n\nA double charge is paid back within five days."),
        ("Reset a password", "Choose *Forgot password* on the sign-in page and follow the mail."),
        ("Office hours", "We are here from nine to five."),
    ] {
        let article = json!({"title": title, "body": body});
        app.post("/knowledge/articles").bearer(&people.agent).json(&article).await.expect(201);
    }
    let path = "/knowledge/search?q=I%20can%20no%20longer%20log%20in&mode=semantic";
    eventually("an article is found by its meaning", async || {
        let found = app.get(path).bearer(&people.user).await.expect(200);
        found.body["items"][0]["article"]["title"] == "Reset a password"
    })
    .await;

    let first = json!({"text": "The printer on the third floor does not print since this morning"});
    let first = app.post("/tickets/ai").bearer(&people.user).json(&first).await.expect(201);
    let other = json!({"text": "Please add a dark mode to the app"});
    app.post("/tickets/ai").bearer(&people.user).json(&other).await.expect(201);
    let again = "Third floor printer is not printing any more, since the morning";
    let again = app.post("/tickets/ai").bearer(&people.agent).json(&json!({"text": again}));
    let again = again.await.expect(201);
    assert_eq!(again.body["triage"]["duplicates"][0]["number"], 1, "{}", again.body["triage"]);
    let similar = app.get("/tickets/3/similar").bearer(&people.agent).await.expect(200);
    assert_eq!(similar.body["items"][0]["ticket"]["id"], first.body["id"]);
    let own = app.get("/tickets/1/similar").bearer(&people.user).await.expect(200);
    assert!(
        own.body["items"].as_array().expect("items").iter().all(|i| i["ticket"]["number"] != 3)
    );
    app.app.shutdown_token().cancel();
    app.app.tasks().close();
    app.app.tasks().wait().await;
}

async fn what_people_decide_is_learnt(db: &TestDb) {
    let Some(app) = TestApp::with_models(db) else { return };
    app.app.start_background();
    let people = people(&app).await;
    let category =
        json!({"slug": "garden", "name": "Garden", "description": "Everything outdoors"});
    app.post("/categories").bearer(&people.admin).json(&category).await.expect(201);
    let texts = [
        ("garden", "The zorbfruit hedge needs cutting"),
        ("garden", "Zorbfruit is everywhere"),
        ("garden", "Who waters the zorbfruit"),
        ("billing", "Invoice 7 is wrong"),
        ("billing", "I was charged twice"),
        ("billing", "Please refund my payment"),
        ("technical", "My laptop does not start"),
        ("technical", "The docking station is broken"),
        ("technical", "The screen flickers"),
    ];
    for (category, text) in texts {
        let body =
            json!({"title": text, "description": "", "category": category, "priority": "low"});
        app.post("/tickets").bearer(&people.agent).json(&body).await.expect(201);
    }
    let mut agent = Value::Null;
    eventually("the labels are learnt", async || {
        agent = app.get("/ai/agents/status").bearer(&people.user).await.expect(200).body["agents"]
            [0]
        .clone();
        agent["trained_labels"] == texts.len()
    })
    .await;
    assert_eq!(
        (agent["name"].as_str(), agent["state"].as_str()),
        (Some("categorization"), Some("ready"))
    );
    let read = app.post("/ai/categorize").bearer(&people.user);
    let read = read.json(&json!({"text": "zorbfruit again"})).await.expect(200);
    assert_eq!(read.text("/category"), "garden", "{}", read.body);
    app.app.shutdown_token().cancel();
    app.app.tasks().close();
    app.app.tasks().wait().await;
}

async fn a_batch_answers_in_order(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let items: Vec<_> =
        (0..256).map(|i| json!({"id": format!("i{i}"), "text": format!("Problem {i}")})).collect();
    let call = |items: &[Value]| {
        app.post("/ai/categorize/batch").bearer(&user).json(&json!({"items": items}))
    };
    let answer = call(&items).await.expect(200);
    let ids: Vec<_> =
        answer.body["items"].as_array().expect("items").iter().map(|i| i["id"].clone()).collect();
    assert_eq!(ids, items.iter().map(|i| i["id"].clone()).collect::<Vec<_>>());
    let more: Vec<_> = items.iter().chain(&items[..1]).cloned().collect();
    assert_eq!(call(&more).await.expect(422).faults(), ["/items"]);
    assert_eq!(call(&[]).await.expect(422).faults(), ["/items"]);
    let bad =
        [json!({"id": "a", "text": ""}), json!({"text": "x"}), json!({"id": "c", "text": "x"})];
    assert_eq!(call(&bad).await.expect(422).faults(), ["/items/0/text", "/items/1/id"]);
}
