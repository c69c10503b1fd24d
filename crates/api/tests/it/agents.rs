//! Agents that ask a language model, which the test holds in its hand.

use atc_core::{agent::Budget, agent::Price, agent::Shadow, chat::ChatErrorKind, chat::Stop};
use atc_testkit::{Answer, TestApp, TestDb, ai_settings, answer, on_both_engines};
use serde_json::{Value, json};

use crate::fixtures::{People, eventually, people};

on_both_engines!(
    a_language_model_makes_the_ticket,
    an_answer_that_cannot_be_used_is_never_stored,
    the_next_in_the_chain_answers,
    nobody_answers_and_the_ticket_is_made_all_the_same,
    a_text_cannot_talk_its_priority_down,
    what_need_not_be_seen_is_masked,
    a_budget_ends_and_tickets_go_on,
    a_decision_is_put_back_once,
    people_decide_how_good_an_agent_is,
    a_plain_ticket_is_read_by_the_model_afterwards,
    a_candidate_runs_beside_without_effect,
    a_report_says_what_another_model_would_do,
    a_providers_key_is_sealed_and_never_shown,
);

const TEXT: &str = "Our card was charged twice for invoice INV-20417, please refund one payment.";

/// What a model answers of a ticket.
fn advice(category: &str, priority: &str) -> Value {
    json!({
        "title": "Card charged twice for INV-20417", "category": category, "priority": priority,
        "team": null, "tags": ["refund"], "summary": "The card was charged twice for one invoice.",
        "suggested_reply": null, "reason": "It says charged twice and asks for a refund."
    })
}

async fn made_from(app: &TestApp, people: &People, text: &str) -> Answer {
    let body = json!({"text": text});
    app.post("/tickets/ai").bearer(&people.user).json(&body).await.expect(201)
}

async fn with_model(db: &TestDb) -> (TestApp, People) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.with_agents(ai_settings(&["first", "second"])).await;
    (app, people)
}

async fn decisions(app: &TestApp, people: &People, query: &str) -> Vec<Value> {
    let list = app.get(&format!("/ai/decisions?{query}")).bearer(&people.agent).await.expect(200);
    list.body["items"].as_array().expect("a list").clone()
}

async fn a_language_model_makes_the_ticket(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.say(&advice("billing", "high").to_string());
    let made = made_from(&app, &people, TEXT).await;
    assert_eq!(made.text("/title"), "Card charged twice for INV-20417");
    assert_eq!((made.text("/category"), made.text("/priority")), ("billing".into(), "high".into()));
    let triage = &made.body["triage"];
    assert_eq!((&triage["provider"], &triage["model"]), (&json!("test"), &json!("first")));
    assert_eq!(triage["degraded"], false);
    assert!(made.text("/triage/rationale").contains("charged twice and asks"), "{triage}");

    let asked = app.model.asked();
    let request = &asked[0];
    assert!(request.system.contains("- billing:") && !request.system.contains("INV-20417"));
    let schema: Value =
        serde_json::from_str(request.schema.as_ref().expect("a form").schema.as_str())
            .expect("a schema");
    let offered = &schema["properties"]["category"]["enum"];
    assert!(offered.as_array().is_some_and(|all| all.contains(&json!("billing"))));

    let rows = decisions(&app, &people, "agent=customer_support").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!((&row["action"], &row["ticket_number"]), (&json!("ticket_created"), &json!(1)));
    assert_eq!((&row["model"], &row["input_tokens"]), (&json!("first"), &json!(100)));
    assert_eq!(row["output"]["said"], "billing");
    assert_eq!(row["prompt_version"].as_str().map(str::len), Some(12));
    let one = row["id"].as_str().expect("an id");
    let one = app.get(&format!("/ai/decisions/{one}")).bearer(&people.agent).await.expect(200);
    assert_eq!(one.body["evidence"]["rationale"], triage["rationale"]);
    app.get("/ai/decisions").bearer(&people.user).await.expect(403);

    let status = app.get("/ai/agents/status").bearer(&people.user).await.expect(200);
    let agents = status.body["agents"].as_array().expect("agents");
    assert!(agents.iter().all(|agent| agent["provider"] == "test"), "{agents:?}");
}

async fn an_answer_that_cannot_be_used_is_never_stored(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let good = advice("billing", "medium");
    let text = good.to_string();
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed.to_string()
    };
    let german = "Die Karte wurde für eine einzige Rechnung zweimal belastet, und die Kundin \
                  möchte, dass eine der beiden Zahlungen erstattet wird.";
    for broken in [
        with("category", json!("refunds")),
        with("summary", json!(["not", "a", "text"])),
        with("priority", json!("urgent")),
        with("title", json!("x".repeat(201))),
        with("tags", json!(vec!["tag"; 30])),
        with("mood", json!("angry")),
        with("summary", json!(german)),
        text[..text.len() / 2].to_owned(),
        String::new(),
        "I am sorry, but I cannot help with that.".to_owned(),
        "[]".to_owned(),
    ] {
        let before = app.model.asked().len();
        // The first attempt is broken, the second is mended.
        app.model.say(&broken);
        app.model.say(&text);
        let made = made_from(&app, &people, TEXT).await;
        assert_eq!(made.text("/triage/model"), "first", "{broken}");
        let asked = app.model.asked();
        assert_eq!(asked.len(), before + 2, "{broken}");
        assert_eq!(asked[before + 1].messages.len(), 3, "{broken}");
    }
    // Prose and a fence around it are no fault.
    app.model.say(&format!("Here you are:\n```json\n{text}\n```\nAnything else?"));
    let made = made_from(&app, &people, TEXT).await;
    assert_eq!(made.text("/triage/model"), "first");
    // Two broken answers, and a model that declines: the embedded engine.
    app.model.say(&with("category", json!("refunds")));
    app.model.say(&with("category", json!("Billing")));
    app.model.answer(Ok(atc_core::chat::ChatAnswer { stop: Stop::Refused, ..answer(&text) }));
    let made = made_from(&app, &people, TEXT).await;
    assert_eq!(made.text("/triage/provider"), "local");
    let all = app.get("/categories").bearer(&people.user).await.expect(200).body;
    let known: Vec<_> =
        all["items"].as_array().expect("all").iter().map(|c| c["slug"].clone()).collect();
    let tickets = app.get("/tickets?limit=100").bearer(&people.admin).await.expect(200).body;
    for ticket in tickets["items"].as_array().expect("tickets") {
        assert!(known.contains(&ticket["category"]), "{ticket}");
    }
}

async fn the_next_in_the_chain_answers(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.fail(ChatErrorKind::Overloaded);
    app.model.say(&advice("billing", "medium").to_string());
    let made = made_from(&app, &people, TEXT).await;
    assert_eq!(made.text("/triage/model"), "second");
    assert_eq!(made.body["triage"]["degraded"], true);
}

async fn nobody_answers_and_the_ticket_is_made_all_the_same(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut settings = ai_settings(&["first", "second"]);
    for agent in settings.agents.values_mut() {
        agent.deadline = std::time::Duration::from_millis(200);
    }
    app.with_agents(settings).await;
    app.model.hang();
    let made = made_from(&app, &people, TEXT).await;
    assert_eq!(made.text("/triage/provider"), "local");
    assert_eq!(made.body["triage"]["degraded"], true);
    assert!(made.text("/triage/rationale").contains("did not answer"), "{}", made.body);
    let said = app.post("/ai/categorize").bearer(&people.user).json(&json!({"text": TEXT}));
    assert_eq!(said.await.expect(200).body["degraded"], true);
    let rows = decisions(&app, &people, "provider=local").await;
    let why = rows[0]["evidence"]["unanswered"].as_str().expect("a reason");
    assert!(why.contains("test/first"), "{why}");
}

async fn a_text_cannot_talk_its_priority_down(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let outage = "Production is down for all customers, data loss, security breach, urgent outage!";
    let alone = app.post("/ai/categorize/batch").bearer(&people.user);
    let alone = alone.json(&json!({"items": [{"id": "a", "text": outage}]})).await.expect(200);
    let engine = alone.body["items"][0]["priority"].clone();
    app.model.say(&advice("technical", "low").to_string());
    let made = made_from(&app, &people, outage).await;
    assert_eq!(made.body["priority"], engine);
    app.model.say(&advice("technical", "low").to_string());
    let again = app.post("/tickets/1/triage").bearer(&people.agent).await.expect(200);
    assert_eq!(again.body["priority"], engine);
    // It may raise it, and what was raised is not lowered by the next word.
    app.model.say(&advice("technical", "critical").to_string());
    let again = app.post("/tickets/1/triage").bearer(&people.agent).await.expect(200);
    assert_eq!(again.text("/priority"), "critical");
    app.model.say(&advice("technical", "low").to_string());
    let again = app.post("/tickets/1/triage").bearer(&people.agent).await.expect(200);
    assert_eq!(again.text("/priority"), "critical");
}

async fn what_need_not_be_seen_is_masked(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.say(&advice("billing", "medium").to_string());
    let text = format!("{TEXT} My card is 4111 1111 1111 1111 and my password: hunter2.");
    let made = made_from(&app, &people, &text).await;
    let seen = format!("{:?}", app.model.asked());
    assert!(!seen.contains("4111") && !seen.contains("hunter2"), "{seen}");
    assert!(seen.contains("[card number]"));
    assert!(made.text("/description").contains("4111"), "the ticket keeps the person's own words");

    let mut settings = ai_settings(&["first"]);
    settings.providers[0].redact = false;
    app.with_agents(settings).await;
    app.model.say(&advice("billing", "medium").to_string());
    made_from(&app, &people, &text).await;
    assert!(format!("{:?}", app.model.asked()).contains("4111"));
}

async fn a_budget_ends_and_tickets_go_on(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut settings = ai_settings(&["first"]);
    let model = settings.agents.values().next().expect("an agent").chain[0].clone();
    let price = Price { input_micros: 1_000_000, output_micros: 10_000_000 };
    settings.prices.insert(model, price);
    settings.user_budget = Budget { tokens: None, cost_micros: Some(300) };
    app.with_agents(settings).await;
    // 100 tokens read and 10 written: 100 + 100 millionths a call.
    for expected in [200, 400] {
        app.model.say(&advice("billing", "medium").to_string());
        let made = made_from(&app, &people, TEXT).await;
        assert_eq!(made.text("/triage/provider"), "test");
        eventually("the use is written down", async || {
            let quality = app.get("/ai/quality").bearer(&people.agent).await.expect(200);
            let used = quality.body["usage"][0]["cost"].as_f64().unwrap_or(0.0);
            (used - f64::from(expected) / 1e6).abs() < 1e-9
        })
        .await;
    }
    let made = made_from(&app, &people, TEXT).await;
    assert_eq!(made.text("/triage/provider"), "local");
    assert_eq!(made.body["triage"]["degraded"], true);
    // Somebody else has their own budget.
    app.model.say(&advice("billing", "medium").to_string());
    let other = app.post("/tickets/ai").bearer(&people.agent).json(&json!({"text": TEXT}));
    assert_eq!(other.await.expect(201).text("/triage/provider"), "test");
}

async fn a_decision_is_put_back_once(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.say(&advice("billing", "critical").to_string());
    made_from(&app, &people, TEXT).await;
    let rows = decisions(&app, &people, "ticket=1").await;
    for no_number in ["0", "-1", "%2B1", "1.5", "one"] {
        let path = format!("/ai/decisions?ticket={no_number}");
        app.get(&path).bearer(&people.agent).await.expect(422);
    }
    let id = rows[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(rows[0]["can_revert"], true);
    let path = format!("/ai/decisions/{id}/revert");
    app.post(&path).bearer(&people.user).await.expect(403);
    let back = app.post(&path).bearer(&people.agent).await.expect(200);
    assert_eq!(back.body["can_revert"], false);
    assert!(back.body["reverted_at"].is_string());
    let ticket = app.get("/tickets/1").bearer(&people.agent).await.expect(200);
    assert_eq!(ticket.text("/category"), "general");
    assert_eq!(ticket.text("/priority"), "medium");
    let waiting = app.get("/tickets?needs_review=true").bearer(&people.agent).await.expect(200);
    assert_eq!(waiting.body["items"].as_array().map(Vec::len), Some(1));
    app.post(&path).bearer(&people.agent).await.expect(409);
    let trail = app.get("/tickets/1/events").bearer(&people.agent).await.expect(200);
    assert!(trail.body.to_string().contains("billing"), "{}", trail.body);

    // What a person said since is theirs.
    app.model.say(&advice("billing", "critical").to_string());
    made_from(&app, &people, TEXT).await;
    let word = json!({"category": "bug", "priority": "low"});
    app.patch("/tickets/2").bearer(&people.agent).json(&word).await.expect(200);
    let rows = decisions(&app, &people, "ticket=2").await;
    let path = format!("/ai/decisions/{}/revert", rows[0]["id"].as_str().expect("an id"));
    app.post(&path).bearer(&people.agent).await.expect(409);
}

async fn people_decide_how_good_an_agent_is(db: &TestDb) {
    let (app, people) = with_model(db).await;
    for _ in 0..4 {
        app.model.say(&advice("billing", "medium").to_string());
        made_from(&app, &people, TEXT).await;
    }
    let quality = app.get("/ai/quality").bearer(&people.agent).await.expect(200);
    assert_eq!(quality.body["all"]["decisions"], 4);
    assert_eq!(quality.body["all"]["accuracy"], Value::Null);
    let decided = app.get("/tickets/1").bearer(&people.agent).await.expect(200).text("/category");
    let other = if decided == "bug" { "billing" } else { "bug" };
    for (number, change) in [
        (1, json!({"category": decided})),
        (2, json!({"category": other})),
        (3, json!({"status": "resolved"})),
    ] {
        let path = format!("/tickets/{number}");
        app.patch(&path).bearer(&people.agent).json(&change).await.expect(200);
    }
    let query = "/ai/quality?agent=customer_support";
    let quality = app.get(query).bearer(&people.agent).await.expect(200).body;
    let all = &quality["all"];
    assert_eq!((&all["kept"], &all["changed"]), (&json!(2), &json!(1)), "{quality}");
    assert_eq!(all["accuracy"], 0.6667);
    assert_eq!(all["changed_to"], json!([{"category": other, "count": 1}]));
    assert_eq!(quality["days"][0]["name"], "2026-01-31");
    let model = quality["models"][0]["name"].as_str().expect("a name");
    assert!(model.starts_with("customer_support: test/first@"), "{model}");
    let none = app.get("/ai/quality?created_before=2026-01-01T00:00:00Z");
    assert_eq!(none.bearer(&people.agent).await.expect(200).body["all"]["decisions"], 0);
    app.get("/ai/quality?agent=sales").bearer(&people.agent).await.expect(422);
}

async fn a_plain_ticket_is_read_by_the_model_afterwards(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.say(&advice("billing", "critical").to_string());
    let body = json!({"title": "Charged twice", "description": TEXT});
    let made = app.post("/tickets").bearer(&people.user).json(&body).await.expect(201);
    assert_eq!(made.text("/triage/provider"), "local");
    app.app.start_background();
    eventually("the model has read it", async || {
        let ticket = app.get("/tickets/1").bearer(&people.agent).await.expect(200);
        ticket.text("/triage/provider") == "test" && ticket.text("/priority") == "critical"
    })
    .await;
    app.app.shut_down().await;
}

async fn a_candidate_runs_beside_without_effect(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut settings = ai_settings(&["first", "candidate"]);
    for agent in settings.agents.values_mut() {
        let model = agent.chain.pop().expect("a candidate");
        agent.shadow = Some(Shadow { model, instructions: Some("Be brief.".to_owned()) });
    }
    app.with_agents(settings).await;
    app.model.script(|request| {
        let word = if request.model == "candidate" { "security" } else { "billing" };
        Ok(answer(&advice(word, "medium").to_string()))
    });
    let made = made_from(&app, &people, TEXT).await;
    app.app.start_background();
    eventually("the candidate has decided", async || {
        decisions(&app, &people, "shadow=true").await.len() == 1
    })
    .await;
    let row = &decisions(&app, &people, "shadow=true").await[0];
    assert_eq!((&row["model"], &row["can_revert"]), (&json!("candidate"), &json!(false)));
    assert_eq!(row["output"]["title"], "Card charged twice for INV-20417");
    let ticket = app.get("/tickets/1").bearer(&people.agent).await.expect(200);
    assert_eq!(ticket.body["category"], made.body["category"]);
    let quality = app.get("/ai/quality").bearer(&people.agent).await.expect(200).body;
    assert_eq!(quality["shadows"][0]["decisions"], 1, "{quality}");
    assert!(quality["shadows"][0]["same_as_live"].is_u64());
    assert!(app.model.asked().iter().any(|r| r.system.contains("Be brief.")));
    app.app.shut_down().await;
}

async fn a_report_says_what_another_model_would_do(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.script(|request| {
        let word = if request.model == "other" { "bug" } else { "billing" };
        Ok(answer(&advice(word, "medium").to_string()))
    });
    for _ in 0..3 {
        made_from(&app, &people, TEXT).await;
    }
    let label = json!({"category": "bug"});
    app.patch("/tickets/2").bearer(&people.agent).json(&label).await.expect(200);
    let body =
        json!({"agent": "categorization", "provider": "test", "model": "other", "limit": 10});
    app.post("/ai/replays").bearer(&people.agent).json(&body).await.expect(403);
    let wrong = json!({"agent": "categorization", "provider": "nobody", "model": "x", "limit": 0});
    app.post("/ai/replays").bearer(&people.admin).json(&wrong).await.expect(422);
    let begun = app.post("/ai/replays").bearer(&people.admin).json(&body).await.expect(202);
    assert_eq!(begun.body["report"], Value::Null);
    app.app.start_background();
    let path = format!("/ai/replays/{}", begun.text("/id"));
    eventually("the report is there", async || {
        app.get(&path).bearer(&people.admin).await.expect(200).body["report"].is_object()
    })
    .await;
    let report = app.get(&path).bearer(&people.admin).await.expect(200).body["report"].clone();
    assert_eq!((&report["answered"], &report["judged"]), (&json!(3), &json!(1)), "{report}");
    assert_eq!(report["input_tokens"], 300);
    let list = app.get("/ai/replays").bearer(&people.admin).await.expect(200);
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
    app.app.shut_down().await;
}

async fn a_providers_key_is_sealed_and_never_shown(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let config = app.get("/ai/config").bearer(&people.admin).await.expect(200);
    assert_eq!(config.body["providers"][0]["key"], "none");
    assert_eq!(config.body["agents"][0]["chain"], json!(["test/first", "test/second", "local"]));
    let key = json!({"api_key": "sk-hunter2"});
    let put = |path: &str| app.call(http::Method::PUT, path);
    put("/ai/providers/test/key").bearer(&people.agent).json(&key).await.expect(403);
    put("/ai/providers/nobody/key").bearer(&people.admin).json(&key).await.expect(404);
    let broken = json!({"api_key": "two words"});
    put("/ai/providers/test/key").bearer(&people.admin).json(&broken).await.expect(422);
    let set = put("/ai/providers/test/key").bearer(&people.admin).json(&key).await.expect(200);
    assert_eq!(set.body["providers"][0]["key"], "sealed");
    assert!(!set.body.to_string().contains("hunter2"));
    let keys = app.model.keys();
    assert_eq!(keys.last().expect("a connection").as_ref().expect("a key").expose(), "sk-hunter2");
    // The same settings keep their connections.
    app.post("/ai/config/reload").bearer(&people.admin).await.expect(200);
    assert_eq!(app.model.keys().len(), keys.len());
    let resealed = app.app.reseal().await.expect("all can be opened");
    assert_eq!((resealed.changed, resealed.kept), (0, 1));
    app.delete("/ai/providers/test/key").bearer(&people.admin).await.expect(204);
    assert_eq!(app.model.keys().last(), Some(&None));
    app.delete("/ai/providers/test/key").bearer(&people.admin).await.expect(404);
}
