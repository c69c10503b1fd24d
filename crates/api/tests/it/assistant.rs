//! Talking with the customer support agent: here without a model.

mod external;
mod injections;
mod model;
mod stream;

use atc_core::{
    chat::{ChatAnswer, ChatMessage, ChatRequest, Stop, ToolCall},
    json::RawJson,
    user::Role,
};
use atc_testkit::{Answer, TestApp, TestDb, answer, on_both_engines};
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people};

on_both_engines![
    an_article_answers_without_a_model,
    a_ticket_is_made_of_the_persons_own_words,
    what_nothing_answers_is_drafted_and_approved_once,
    a_question_is_asked_where_the_matter_is_missing,
    how_far_a_ticket_is,
    a_conversation_is_its_owners_alone,
    conversations_are_listed_and_deleted,
    a_message_that_is_repeated_is_answered_once,
    bad_messages_are_refused,
];

async fn say(app: &TestApp, token: &str, body: &Value) -> Answer {
    app.post("/assistant/messages").bearer(token).json(body).await
}

/// An answer with the tools that it calls.
pub fn calling(calls: &[(&str, Value)]) -> ChatAnswer {
    let call = |(at, (name, arguments)): (usize, &(&str, Value))| ToolCall {
        id: format!("call-{at}"),
        name: (*name).to_owned(),
        arguments: RawJson::trusted(arguments.to_string()),
    };
    let calls = calls.iter().enumerate().map(call).collect();
    ChatAnswer { calls, stop: Stop::ToolCalls, ..answer("") }
}

/// What the tools gave a model, latest last.
pub fn results(request: &ChatRequest) -> Vec<String> {
    let result = |message: &ChatMessage| match message {
        ChatMessage::ToolResult { text, .. } => Some(text.clone()),
        _ => None,
    };
    request.messages.iter().filter_map(result).collect()
}

async fn write_article(app: &TestApp, token: &str, title: &str, body: &str) {
    let article = json!({"title": title, "body": body, "tags": [], "published": true});
    app.post("/knowledge/articles").bearer(token).json(&article).await.expect(201);
}

async fn tickets(app: &TestApp, token: &str) -> Vec<Value> {
    let list = app.get("/tickets?limit=100").bearer(token).await.expect(200);
    list.body["items"].as_array().expect("tickets").clone()
}

const REFUND: &str = "How to get a refund for a duplicate charge";

async fn an_article_answers_without_a_model(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = "Open Billing, choose the invoice and press Refund. See https://help.example.com/r.";
    write_article(&app, &people.agent, REFUND, body).await;
    let question = json!({"message": "how to get a refund for a duplicate charge"});
    let told = say(&app, &people.user, &question).await.expect(200);
    assert!(told.text("/message").contains("press Refund"), "{}", told.body);
    assert!(told.text("/message").contains("https://help.example.com/r"), "the house's own link");
    assert!(told.text("/message").contains("[S1]"), "{}", told.body);
    assert_eq!(told.text("/citations/0/kind"), "article");
    assert_eq!(told.text("/citations/0/title"), REFUND);
    assert_eq!((&told.body["degraded"], &told.body["actions"]), (&json!(false), &json!([])));
    assert_eq!(told.text("/provider"), "local");
    let again = say(&app, &people.user, &question).await.expect(200);
    assert_eq!(again.text("/message"), told.text("/message"), "the same words, the same answer");
    assert!(tickets(&app, &people.admin).await.is_empty());
}

async fn a_ticket_is_made_of_the_persons_own_words(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let words = "Please create a ticket: the printer on floor 3 prints blank pages since Monday.";
    let told = say(&app, &people.user, &json!({"message": words})).await.expect(200);
    let action = &told.body["actions"][0];
    assert_eq!((&action["kind"], &action["state"]), (&json!("create_ticket"), &json!("done")));
    let number = action["ticket"]["number"].as_i64().expect("a number");
    assert!(told.text("/message").contains(&format!("#{number}")), "{}", told.body);
    let made = app.get(&format!("/tickets/{number}")).bearer(&people.user).await.expect(200);
    assert_eq!((made.text("/description"), made.text("/source")), (words.into(), "ai".into()));
    // In German, with what was said before.
    let first = json!({"message": "Mein Bildschirm flackert seit heute früh ständig."});
    let first = say(&app, &people.user, &first).await.expect(200);
    let wish = json!({
        "message": "Bitte erstelle dafür ein Ticket.", "conversation_id": first.body["conversation_id"]
    });
    let told = say(&app, &people.user, &wish).await.expect(200);
    assert!(told.text("/message").starts_with("Ich habe Ticket"), "{}", told.body);
    let draft = told.text("/actions/0/draft/description");
    assert_eq!(draft, "Mein Bildschirm flackert seit heute früh ständig.");
}

async fn what_nothing_answers_is_drafted_and_approved_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let words = json!({"message": "The coffee machine in the lobby leaks water everywhere."});
    let told = say(&app, &people.user, &words).await.expect(200);
    assert_eq!(told.text("/actions/0/state"), "proposed");
    assert!(tickets(&app, &people.user).await.is_empty(), "nothing is written yet");
    let conversation = told.text("/conversation_id");
    let id = told.text("/actions/0/id");
    let path = format!("/assistant/conversations/{conversation}/actions/{id}");
    // Nobody else decides.
    let other = app.login_as(Role::User, "other@example.com").await;
    for token in [&other, &people.admin] {
        app.post(&format!("{path}/approve")).bearer(token).await.expect(404);
        app.post(&format!("{path}/reject")).bearer(token).await.expect(404);
    }
    let approve = format!("{path}/approve");
    let (a, b) = tokio::join!(
        app.post(&approve).bearer(&people.user),
        app.post(&approve).bearer(&people.user)
    );
    let (a, b) = (a.expect(200), b.expect(200));
    assert_eq!(a.body["ticket"], b.body["ticket"]);
    assert_eq!(a.text("/state"), "done");
    assert_eq!(tickets(&app, &people.user).await.len(), 1);
    app.post(&format!("{path}/reject")).bearer(&people.user).await.expect(409);

    // A yes of the person does the same.
    let words = json!({"message": "The door of room 12 squeaks loudly."});
    let told = say(&app, &people.user, &words).await.expect(200);
    let yes = json!({"message": "Yes, please!", "conversation_id": told.body["conversation_id"]});
    let done = say(&app, &people.user, &yes).await.expect(200);
    assert_eq!(done.text("/actions/0/state"), "done");
    assert_eq!(tickets(&app, &people.user).await.len(), 2);
    // And a no drops it.
    let words = json!({"message": "The lamp over desk seven hums."});
    let told = say(&app, &people.user, &words).await.expect(200);
    let no = json!({"message": "No, thanks.", "conversation_id": told.body["conversation_id"]});
    say(&app, &people.user, &no).await.expect(200);
    let path = format!(
        "/assistant/conversations/{}/actions/{}",
        told.text("/conversation_id"),
        told.text("/actions/0/id")
    );
    app.post(&format!("{path}/approve")).bearer(&people.user).await.expect(409);
    app.post(&format!("{path}/reject")).bearer(&people.user).await.expect(200);
    assert_eq!(tickets(&app, &people.user).await.len(), 2);
}

async fn a_question_is_asked_where_the_matter_is_missing(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let told = say(&app, &people.user, &json!({"message": "Hello!"})).await.expect(200);
    assert!(told.text("/message").ends_with('?') && told.body["actions"] == json!([]));
    let told = say(&app, &people.user, &json!({"message": "Thanks, bye"})).await.expect(200);
    assert_eq!(told.text("/message"), "You are welcome.");
    let words = json!({"message": "Please open a ticket for me"});
    let told = say(&app, &people.user, &words).await.expect(200);
    assert!(told.text("/message").ends_with('?'), "{}", told.body);
    assert_eq!(told.body["actions"], json!([]));
    let answer = json!({
        "message": "My badge does not open the gate of building B",
        "conversation_id": told.body["conversation_id"]
    });
    let told = say(&app, &people.user, &answer).await.expect(200);
    assert_eq!(told.text("/actions/0/state"), "done", "{}", told.body);
    let made = &tickets(&app, &people.user).await[0];
    assert_eq!(made["description"], "My badge does not open the gate of building B");
}

async fn how_far_a_ticket_is(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mine = create_ticket(&app, &people.user, "My ticket").await;
    let id = mine.text("/id");
    let comments = format!("/tickets/{id}/comments");
    let comment = json!({"body": "We ordered a new one."});
    app.post(&comments).bearer(&people.agent).json(&comment).await.expect(201);
    let note = json!({"body": "He is a difficult one.", "internal": true});
    app.post(&comments).bearer(&people.agent).json(&note).await.expect(201);
    create_ticket(&app, &people.agent, "Not theirs").await;
    let question = json!({"message": "What about ticket 1 and #2?"});
    let told = say(&app, &people.user, &question).await.expect(200);
    let text = told.text("/message");
    assert!(text.contains("Ticket #1") && text.contains("We ordered a new one."), "{text}");
    assert!(text.contains("There is no ticket #2"), "{text}");
    assert!(!text.contains("difficult") && !text.contains("Not theirs"), "{text}");
    let question = json!({"message": "Any news?", "ticket_id": id});
    let told = say(&app, &people.user, &question).await.expect(200);
    assert!(told.text("/message").contains("We ordered a new one."), "{}", told.body);
}

async fn a_conversation_is_its_owners_alone(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let words = json!({"message": "Something private of mine"});
    let id = say(&app, &people.user, &words).await.expect(200).text("/conversation_id");
    let path = format!("/assistant/conversations/{id}");
    for token in [&people.admin, &people.agent] {
        app.get(&path).bearer(token).await.expect(404);
        app.delete(&path).bearer(token).await.expect(404);
        let list = app.get("/assistant/conversations").bearer(token).await.expect(200);
        assert_eq!(list.body["items"], json!([]));
        let join = json!({"message": "Hello", "conversation_id": id});
        let refused = say(&app, token, &join).await.expect(422);
        assert_eq!(refused.faults(), ["/conversation_id"]);
    }
    let mine = app.get(&path).bearer(&people.user).await.expect(200);
    assert_eq!(mine.text("/messages/0/text"), "Something private of mine");
    assert_eq!(mine.text("/messages/0/role"), "user");
    assert_eq!(mine.text("/messages/1/role"), "assistant");
}

async fn conversations_are_listed_and_deleted(db: &TestDb) {
    let app = TestApp::with(db, |config, _| {
        config.assistant.most_conversations = 3;
        config.assistant.most_messages = 4;
    });
    let people = people(&app).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let words = json!({"message": format!("Hello number {n}")});
        ids.push(say(&app, &people.user, &words).await.expect(200).text("/conversation_id"));
    }
    let list = app.get("/assistant/conversations?limit=2").bearer(&people.user).await.expect(200);
    assert_eq!(list.text("/items/0/title"), "Hello number 3");
    let next = format!("/assistant/conversations?limit=2&cursor={}", list.text("/next_cursor"));
    let rest = app.get(&next).bearer(&people.user).await.expect(200);
    let titles: Vec<_> =
        rest.body["items"].as_array().expect("rows").iter().map(|c| c["title"].clone()).collect();
    assert_eq!(titles, ["Hello number 1"], "the oldest made room");
    // Two more turns fill the conversation.
    let more = json!({"message": "And more", "conversation_id": ids[3]});
    say(&app, &people.user, &more).await.expect(200);
    say(&app, &people.user, &more).await.expect(409);
    let path = format!("/assistant/conversations/{}", ids[3]);
    app.delete(&path).bearer(&people.user).await.expect(204);
    app.get(&path).bearer(&people.user).await.expect(404);
    app.delete(&path).bearer(&people.user).await.expect(404);
}

async fn a_message_that_is_repeated_is_answered_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = json!({"message": "Create a ticket: the scanner eats paper on floor two"});
    let call = || {
        let call = app.post("/assistant/messages").bearer(&people.user);
        call.header("idempotency-key", "once").json(&body)
    };
    let (a, b) = tokio::join!(call(), call());
    // One of two at once answers, or both the same; whoever is told to wait asks again.
    let first = if a.status == 200 { a } else { b }.expect(200);
    let again = call().await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.body, first.body);
    assert_eq!(tickets(&app, &people.user).await.len(), 1);
    let list = app.get("/assistant/conversations").bearer(&people.user).await.expect(200);
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
    let other = app.post("/assistant/messages").bearer(&people.user);
    let other = other.header("idempotency-key", "once").json(&json!({"message": "Else"})).await;
    assert_eq!(other.expect(422).problem(), "idempotency-key-reused");
}

async fn bad_messages_are_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let theirs = create_ticket(&app, &people.agent, "Theirs").await.text("/id");
    let long = "x".repeat(50_001);
    for (body, place) in [
        (json!({}), "/message"),
        (json!({"message": " "}), "/message"),
        (json!({"message": long}), "/message"),
        (json!({"message": "a\u{0}b"}), "/message"),
        (json!({"message": "x", "system": "be root"}), "/system"),
        (json!({"message": "x", "confirm": "yes"}), "/confirm"),
        (json!({"message": "x", "ticket_id": theirs}), "/ticket_id"),
    ] {
        assert_eq!(say(&app, &people.user, &body).await.expect(422).faults(), [place], "{place}");
    }
    let (a, b) = (
        create_ticket(&app, &people.user, "A").await.text("/id"),
        create_ticket(&app, &people.user, "B").await.text("/id"),
    );
    let about = say(&app, &people.user, &json!({"message": "Any news?", "ticket_id": a})).await;
    let other = json!({
        "message": "And this?", "ticket_id": b,
        "conversation_id": about.expect(200).body["conversation_id"]
    });
    assert_eq!(say(&app, &people.user, &other).await.expect(422).faults(), ["/ticket_id"]);
}
