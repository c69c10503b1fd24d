//! The MCP door: tools, resources and prompts with exactly the rights of who speaks.

use atc_core::user::Role;
use atc_testkit::{Answer, TestApp, TestDb, on_both_engines};
use http::Method;
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people};

on_both_engines!(
    nobody_speaks_without_a_token,
    pages_of_others_are_refused,
    who_may_more_sees_more_tools,
    a_ticket_lives_through_tools,
    a_repeated_creation_makes_one_ticket,
    what_rest_refuses_a_tool_refuses,
    an_answer_keeps_to_its_budget,
    resources_and_prompts_are_of_the_caller,
    a_file_that_comes_along_is_read,
    both_lifecycles_are_spoken,
);

/// The most bytes of all tools together: about four thousand tokens.
const MOST_BYTES_OF_TOOLS: usize = 16_000;

pub async fn post(app: &TestApp, token: &str, message: &Value) -> Answer {
    app.mcp(Method::POST, "/mcp")
        .bearer(token)
        .header("host", "localhost")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .json(message)
        .await
}

/// What the server says to a method; the error, where it is one.
async fn ask(app: &TestApp, token: &str, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let answer = post(app, token, &message).await.expect(200);
    match answer.body.get("result") {
        Some(result) => result.clone(),
        None => answer.body["error"].clone(),
    }
}

async fn tool(app: &TestApp, token: &str, name: &str, arguments: Value) -> Value {
    ask(app, token, "tools/call", json!({"name": name, "arguments": arguments})).await
}

/// What a tool gave; fails when it refused.
pub async fn given(app: &TestApp, token: &str, name: &str, arguments: Value) -> Value {
    let result = tool(app, token, name, arguments).await;
    assert_eq!(result["isError"], false, "{name}: {result}");
    result["structuredContent"].clone()
}

/// What a tool said when it refused.
pub async fn refused(app: &TestApp, token: &str, name: &str, arguments: Value) -> String {
    let result = tool(app, token, name, arguments).await;
    assert_eq!(result["isError"], true, "{name}: {result}");
    result["content"][0]["text"].as_str().expect("an answer of this shape").to_owned()
}

pub async fn tool_names(app: &TestApp, token: &str) -> Vec<String> {
    let listed = ask(app, token, "tools/list", json!({})).await;
    let tools = listed["tools"].as_array().expect("an answer of this shape");
    tools
        .iter()
        .map(|tool| tool["name"].as_str().expect("an answer of this shape").to_owned())
        .collect()
}

async fn nobody_speaks_without_a_token(db: &TestDb) {
    let app = TestApp::new(db);
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let call = || app.mcp(Method::POST, "/mcp").header("host", "localhost");
    let answer = call().json(&message).await.expect(401);
    assert!(answer.header("www-authenticate").starts_with("Bearer resource_metadata=\""));
    assert_eq!(answer.problem(), "unauthenticated");
    post(&app, "no.such.token", &message).await.expect(401);
    app.mcp(Method::GET, "/health").await.expect(200);
    app.mcp(Method::GET, "/api/v1/tickets").await.expect(404);
}

async fn pages_of_others_are_refused(db: &TestDb) {
    let app = TestApp::with(db, |_, api| {
        api.mcp_allowed_hosts = Some(vec!["localhost".to_owned()]);
    });
    let token = app.login_as(Role::User, "user@example.com").await;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let call = |host: &str| {
        let call = app.mcp(Method::POST, "/mcp").bearer(&token).header("host", host);
        call.header("accept", "application/json, text/event-stream")
    };
    call("localhost:8001").json(&message).await.expect(200);
    call("evil.example").json(&message).await.expect(403);
    call("localhost").header("origin", "https://evil.example").json(&message).await.expect(403);
}

async fn who_may_more_sees_more_tools(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let all = tool_names(&app, &people.admin).await;
    assert_eq!(
        all,
        [
            "create_ticket_from_text",
            "create_ticket",
            "get_ticket",
            "list_tickets",
            "search_tickets",
            "update_ticket",
            "add_comment",
            "search_knowledge_base",
            "categorize_issue",
            "upload_file",
            "analyze_file",
            "transcribe_audio",
            "extract_text_from_image",
            "list_integrations",
            "get_system_health",
        ]
    );
    let listed = ask(&app, &people.admin, "tools/list", json!({})).await.to_string();
    assert!(listed.len() < MOST_BYTES_OF_TOOLS, "{} bytes", listed.len());
    assert!(!listed.contains("$ref"));
    let user = tool_names(&app, &people.user).await;
    assert!(!user.contains(&"list_integrations".to_owned()), "{user:?}");

    let scopes = json!({"name": "reader", "scopes": ["tickets:read"]});
    let made = app.post("/tokens").bearer(&people.agent).json(&scopes).await.expect(201);
    let reader = made.text("/token");
    let may = tool_names(&app, &reader).await;
    let reads =
        ["get_ticket", "list_tickets", "search_tickets", "categorize_issue", "get_system_health"];
    assert_eq!(may, reads);
    // Not being listed is no wall; the wall is that of the API.
    let text =
        refused(&app, &reader, "create_ticket", json!({"title": "a", "description": "b"})).await;
    assert!(text.contains("403") && text.contains("tickets:write"), "{text}");
}

async fn a_ticket_lives_through_tools(db: &TestDb) {
    let app = TestApp::new(db);
    let agent = app.login_as(Role::Agent, "agent@example.com").await;
    let text = "Our card was charged twice for INV-20417.";
    let made = given(&app, &agent, "create_ticket_from_text", json!({"text": text})).await;
    let number = made["number"].to_string();
    let made = given(
        &app,
        &agent,
        "create_ticket",
        json!({"title": "Login fails", "description": "Since noon.", "category": null}),
    )
    .await;
    let second = made["id"].as_str().expect("an answer of this shape");
    assert_eq!(app.get(&format!("/tickets/{second}")).bearer(&agent).await.text("/source"), "mcp");

    let comment = json!({"ticket_id": number, "body": "We look at it.", "internal": true});
    given(&app, &agent, "add_comment", comment).await;
    let ticket = given(&app, &agent, "get_ticket", json!({"ticket_id": number})).await;
    assert_eq!(ticket["description"], text);
    assert_eq!(ticket["comments"][0]["body"], "We look at it.");
    // Numbers may come as numbers.
    let few = json!({"ticket_id": ticket["number"], "fields": ["title"]});
    let few = given(&app, &agent, "get_ticket", few).await;
    assert_eq!(few.as_object().expect("an answer of this shape").len(), 1, "{few}");

    let version = ticket["version"].as_i64().expect("an answer of this shape");
    let change = json!({"ticket_id": number, "priority": "high", "version": version});
    let changed = given(&app, &agent, "update_ticket", change.clone()).await;
    assert_eq!(changed["priority"], "high");
    let late = refused(&app, &agent, "update_ticket", change).await;
    assert!(late.contains("412"), "{late}");

    let found = given(&app, &agent, "search_tickets", json!({"query": "charged"})).await;
    assert_eq!(found["items"].as_array().expect("an answer of this shape").len(), 1, "{found}");
    let high = given(&app, &agent, "list_tickets", json!({"priority": ["high"]})).await;
    assert_eq!(high["items"][0]["number"], ticket["number"]);
}

async fn a_repeated_creation_makes_one_ticket(db: &TestDb) {
    let app = TestApp::new(db);
    let user = app.login_as(Role::User, "user@example.com").await;
    let arguments = json!({"text": "The printer is on fire.", "idempotency_key": "once"});
    let first = given(&app, &user, "create_ticket_from_text", arguments.clone()).await;
    let second = given(&app, &user, "create_ticket_from_text", arguments).await;
    assert_eq!(first["id"], second["id"]);
}

async fn what_rest_refuses_a_tool_refuses(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let other = app.login_as(Role::User, "other@example.com").await;
    let ticket = create_ticket(&app, &people.user, "Mine").await.text("/id");
    let text = refused(&app, &other, "get_ticket", json!({"ticket_id": ticket})).await;
    assert!(text.contains("404"), "{text}");
    let mine = json!({"ticket_id": ticket, "body": "Let me in."});
    assert!(refused(&app, &other, "add_comment", mine).await.contains("404"));
    let rise = json!({"title": "a", "description": "b", "assignee_id": ticket});
    assert!(refused(&app, &other, "create_ticket", rise).await.contains("403"));
    assert!(refused(&app, &other, "list_integrations", json!({})).await.contains("403"));

    for (arguments, word) in [
        (json!({}), "title, description"),
        (json!({"title": "", "description": "b"}), "title"),
        (json!({"title": "a", "description": "b", "priority": "urgent"}), "priority"),
        (json!({"title": "a", "description": "b", "colour": "red"}), "colour"),
        (json!({"title": 7, "description": "b"}), "title"),
    ] {
        let text = refused(&app, &people.user, "create_ticket", arguments).await;
        assert!(text.contains(word), "{text}");
    }
    let up = json!({"ticket_id": "../users"});
    assert!(refused(&app, &people.admin, "get_ticket", up).await.contains("404"));
    let unknown = tool(&app, &people.user, "drop_tables", json!({})).await;
    assert_eq!(unknown["code"], -32602, "{unknown}");
}

async fn an_answer_keeps_to_its_budget(db: &TestDb) {
    let app = TestApp::new(db);
    let agent = app.login_as(Role::Agent, "agent@example.com").await;
    for n in 0..30 {
        create_ticket(&app, &agent, &format!("Ticket {n} {}", "x".repeat(150))).await;
    }
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let arguments = json!({"limit": 30, "cursor": cursor, "max_tokens": 1_000});
        let page = given(&app, &agent, "list_tickets", arguments).await;
        assert!(page.to_string().len() <= 4_400, "{}", page.to_string().len());
        let rows = page["items"].as_array().expect("an answer of this shape");
        seen.extend(
            rows.iter().map(|row| row["number"].as_i64().expect("an answer of this shape")),
        );
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            assert_eq!(page.get("more"), None);
            break;
        }
        assert!(page["more"].as_str().expect("an answer of this shape").contains("cursor"));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=30).collect::<Vec<_>>());

    let long = json!({"title": "Long", "description": "y".repeat(40_000)});
    let number = given(&app, &agent, "create_ticket", long).await["number"].to_string();
    let arguments = json!({"ticket_id": number, "max_tokens": 2_000});
    let ticket = given(&app, &agent, "get_ticket", arguments).await;
    assert!(ticket["description"].as_str().expect("an answer of this shape").ends_with('…'));
    assert!(ticket["more"].as_str().expect("an answer of this shape").contains("max_tokens"));
}

async fn resources_and_prompts_are_of_the_caller(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let number = create_ticket(&app, &people.user, "Mine").await.body["number"].to_string();
    let uri = format!("ticket://{number}");
    let listed = ask(&app, &people.user, "resources/list", json!({})).await;
    assert_eq!(listed["resources"][0]["uri"], uri);
    let read = ask(&app, &people.user, "resources/read", json!({"uri": uri})).await;
    let ticket: Value = serde_json::from_str(
        read["contents"][0]["text"].as_str().expect("an answer of this shape"),
    )
    .expect("an answer of this shape");
    assert_eq!(ticket["title"], "Mine");

    let other = app.login_as(Role::User, "other@example.com").await;
    let listed = ask(&app, &other, "resources/list", json!({})).await;
    assert_eq!(listed["resources"], json!([]));
    assert_eq!(ask(&app, &other, "resources/read", json!({"uri": uri})).await["code"], -32002);
    let elsewhere = json!({"uri": "file:///etc/passwd"});
    assert_eq!(ask(&app, &other, "resources/read", elsewhere).await["code"], -32002);

    let prompt = json!({"name": "reply_to_ticket", "arguments": {"ticket_id": number}});
    let filled = ask(&app, &people.user, "prompts/get", prompt.clone()).await;
    assert_eq!(filled["messages"][1]["content"]["resource"]["uri"], uri);
    assert_eq!(ask(&app, &other, "prompts/get", prompt).await["code"], -32002);
    let prompts = ask(&app, &people.user, "prompts/list", json!({})).await;
    assert_eq!(prompts["prompts"].as_array().expect("an answer of this shape").len(), 2);
    let templates = ask(&app, &people.user, "resources/templates/list", json!({})).await;
    assert_eq!(
        templates["resourceTemplates"].as_array().expect("an answer of this shape").len(),
        3
    );
}

async fn a_file_that_comes_along_is_read(db: &TestDb) {
    let app = TestApp::new(db);
    app.app.start_background();
    let user = app.login_as(Role::User, "user@example.com").await;
    let number = create_ticket(&app, &user, "Mine").await.body["number"].to_string();
    // "Error E1042" in base64 (RFC 4648).
    let file = |name: &str| json!({"filename": name, "content_base64": "RXJyb3IgRTEwNDI="});
    let mut with_ticket = file("a\"b\r\n.txt");
    with_ticket["ticket_id"] = number.clone().into();
    let stored = given(&app, &user, "upload_file", with_ticket).await;
    assert!(stored["ticket_id"].is_string(), "{stored}");

    let read = given(&app, &user, "extract_text_from_image", file("screen.txt")).await;
    assert_eq!(read["text"], "Error E1042");
    let again = json!({"file_id": read["file_id"]});
    let again = given(&app, &user, "extract_text_from_image", again).await;
    assert_eq!(again["text"], "Error E1042");
    let drafted = given(&app, &user, "analyze_file", json!({"file_id": read["file_id"]})).await;
    assert!(drafted["suggested_ticket"]["title"].is_string(), "{drafted}");

    let text = refused(&app, &user, "transcribe_audio", json!({"file_id": read["file_id"]})).await;
    assert!(text.contains("extract_text_from_image"), "{text}");
    for wrong in [
        json!({}),
        json!({"filename": "a.txt"}),
        json!({"filename": "a.txt", "content_base64": "!"}),
        json!({"filename": "a.txt", "content_base64": "", "path": "/etc/passwd"}),
    ] {
        assert!(refused(&app, &user, "analyze_file", wrong).await.len() > 20);
    }
    let other = app.login_as(Role::User, "other@example.com").await;
    let theirs = json!({"file_id": read["file_id"]});
    assert!(refused(&app, &other, "analyze_file", theirs).await.contains("404"));
}

async fn both_lifecycles_are_spoken(db: &TestDb) {
    let app = TestApp::new(db);
    let user = app.login_as(Role::User, "user@example.com").await;
    for (asked, spoken) in
        [("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")]
    {
        let hello = json!({
            "protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}
        });
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello});
        let answer = app
            .mcp(Method::POST, "/mcp")
            .bearer(&user)
            .header("host", "localhost")
            .header("accept", "application/json, text/event-stream")
            .json(&message)
            .await
            .expect(200);
        assert_eq!(answer.text("/result/protocolVersion"), spoken);
        // Without a session there is nothing to subscribe by.
        assert_eq!(answer.body["result"]["capabilities"]["resources"], json!({}));
    }
    let discover = json!({
        "jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}
        }}
    });
    let answer = app
        .mcp(Method::POST, "/mcp")
        .bearer(&user)
        .header("host", "localhost")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "server/discover")
        .json(&discover)
        .await
        .expect(200);
    let versions = answer.body["result"]["supportedVersions"].to_string();
    assert!(versions.contains("2026-07-28") && versions.contains("2025-11-25"), "{}", answer.body);
    assert_eq!(answer.body["result"]["capabilities"]["resources"]["subscribe"], true);
}
