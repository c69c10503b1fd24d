//! The customer support agent as a newcomer meets it: the built program, no model at all.

use serde_json::{Value, json};

use crate::program::{Installation, Server};

fn say(server: &Server, token: &str, body: &Value) -> Value {
    let told = server.call("POST", "/assistant/messages", token, Some(body));
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.body["degraded"], false, "nothing was configured: {}", told.body);
    told.body
}

#[test]
fn it_answers_drafts_and_makes_tickets_and_remembers_over_a_restart() {
    let installation = Installation::new();
    let mut server = installation.serve();
    let password = installation.read("data/admin-password");
    let token = server.log_in("admin@localhost", password.trim());
    let article = json!({
        "title": "Reset a forgotten password", "published": true, "tags": [],
        "body": "Open the login page, press Forgot password and follow the mail."
    });
    assert_eq!(server.call("POST", "/knowledge/articles", &token, Some(&article)).status, 201);

    let told = say(&server, &token, &json!({"message": "reset a forgotten password"}));
    assert!(told["message"].as_str().unwrap().contains("press Forgot password"), "{told}");
    assert_eq!(told["citations"][0]["kind"], "article");

    let told = say(&server, &token, &json!({"message": "The beamer in room 4 shows no picture."}));
    assert_eq!(told["actions"][0]["state"], "proposed", "{told}");
    let conversation = told["conversation_id"].clone();
    server.signal("KILL");
    server.wait();

    // What was said and proposed is there, and a yes makes the ticket.
    let server = installation.serve();
    let path = format!("/assistant/conversations/{}", conversation.as_str().unwrap());
    let before = server.call("GET", &path, &token, None);
    assert_eq!(before.body["messages"][0]["text"], "The beamer in room 4 shows no picture.");
    let told = say(&server, &token, &json!({"message": "Yes", "conversation_id": conversation}));
    assert_eq!(told["actions"][0]["ticket"]["number"], 1, "{told}");
    let ticket = server.call("GET", "/tickets/1", &token, None);
    assert_eq!(ticket.body["description"], "The beamer in room 4 shows no picture.");
    let told = say(&server, &token, &json!({"message": "How far is ticket 1?"}));
    assert!(told["message"].as_str().unwrap().contains("is new"), "{told}");
    assert_eq!(server.call("DELETE", &path, &token, None).status, 204);
}
