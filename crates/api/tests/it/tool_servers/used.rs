//! How agents use them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use atc_core::{
    Ctx, ErrorCode,
    caller::{Caller, Credential},
    id::UserId,
    json::RawJson,
    user::{Email, Role},
};
use atc_testkit::{TestApp, TestDb, on_both_engines};
use axum::body::Body;
use futures::{StreamExt, stream};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};

use super::stranger::{
    Stranger, add, asks, offered, path, rain, raw, result, served, tried, weather,
};
use crate::fixtures::{eventually, people};

on_both_engines![
    a_real_server_is_used_in_both_revisions,
    our_own_server_is_one_too,
    a_writing_tool_needs_an_approval,
    what_leaves_the_house_is_bounded,
    what_comes_back_is_text_and_bounded,
    a_dead_server_delays_nobody,
    who_leaves_ends_the_call,
];

fn ctx(app: &TestApp) -> Ctx {
    let caller = Caller {
        user_id: UserId(app.app.new_id()),
        email: Email::parse("a@example.com").expect("an address"),
        role: Role::User,
        credential: Credential::Operator,
    };
    Ctx { request_id: "r".to_owned(), caller, now: app.app.now() }
}

/// A server made with the SDK.
#[derive(Clone)]
struct Sky;

impl ServerHandler for Sky {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("sky", "1"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool: Tool = serde_json::from_value(weather()).expect("a tool");
        Ok(ListToolsResult::with_all_items(vec![tool]))
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let version = context.protocol_version().map(|v| v.to_string()).unwrap_or_default();
        let city = params.arguments.unwrap_or_default().remove("city").unwrap_or_default();
        let text = format!("Sunny in {city}, says {version}.");
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

async fn a_real_server_is_used_in_both_revisions(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    for (stateful, json_response) in [(true, false), (false, true), (false, false)] {
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(stateful)
            .with_json_response(json_response);
        let sessions = Arc::new(LocalSessionManager::default());
        let service = StreamableHttpService::new(|| Ok(Sky), sessions, config);
        let address = served(axum::Router::new().route_service("/mcp", service)).await;
        let url = format!("http://{address}/mcp");
        let added = add(&app, &people.admin, &url, &[("weather", "never")]).await.expect(201);
        let said = tried(&app, &people.admin, &path(&added), json!({"city": "Oslo"})).await;
        let text = said.expect(200).text("/text");
        assert!(text.starts_with("Sunny in \"Oslo\""), "{text}");
        app.delete(&path(&added)).bearer(&people.admin).await.expect(204);
    }
}

async fn our_own_server_is_one_too(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let wanted = json!({"name": "agent", "scopes": ["admin"]});
    let token = app.post("/tokens").bearer(&people.admin).json(&wanted).await.expect(201);
    let url = format!("http://{}/mcp", served(atc_api::mcp(app.state.clone())).await);
    let mut body = json!({"name": "us", "url": url, "tools": [{"name": "search_tickets"}]});
    let refused = app.post("/ai/tool-servers").bearer(&people.admin).json(&body).await;
    assert_eq!(refused.expect(422).faults(), ["/bearer_token"]);
    body["bearer_token"] = token.text("/token").into();
    let added = app.post("/ai/tool-servers").bearer(&people.admin).json(&body).await.expect(201);
    assert_eq!(added.body["tools_found"], 15);
    let call = json!({"tool": "search_tickets", "arguments": {"query": "printer"}});
    let call = app.post(&format!("{}/call", path(&added))).bearer(&people.admin).json(&call);
    assert!(call.await.expect(200).text("/text").contains("items"));
}

async fn a_writing_tool_needs_an_approval(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let stranger = Stranger::with(json!([weather(), rain()])).await;
    let allow = [("weather", "never"), ("rain", "always")];
    add(&app, &people.admin, &stranger.url, &allow).await.expect(201);
    let tools = app.app.external_tools().await;
    let (caller, nothing) = (ctx(&app), RawJson::empty_object());
    let (rain, weather) = (&tools[0], &tools[1]);
    assert!(rain.writes && !weather.writes);
    assert_eq!(rain.spec.description, "[Tool of the external server sky] Makes it rain.");
    let call = |tool, approved| app.app.call_external_tool(&caller, tool, &nothing, approved);
    let refused = call(rain, false).await.expect_err("it writes");
    assert_eq!(refused.code, ErrorCode::Forbidden);
    assert_eq!(stranger.heard_of("tools/call"), 0);
    call(rain, true).await.expect("it was approved");
    call(weather, false).await.expect("it only reads");
    let page = app.get("/ai/decisions?action=tool_called").bearer(&people.admin).await.expect(200);
    let mut recorded: Vec<_> = page.body["items"]
        .as_array()
        .expect("decisions")
        .iter()
        .map(|d| (d["provider"].clone(), d["model"].clone(), d["output"].clone()))
        .collect();
    recorded.sort_by_key(|(_, model, _)| model.to_string());
    let output = |tool: &str, approved| {
        let named = format!("sky__{tool}");
        (json!("sky"), json!(tool), json!({"tool": named, "outcome": "ok", "approved": approved}))
    };
    assert_eq!(recorded, [output("rain", true), output("weather", false)]);
    // The administrator changed their mind after the model was told.
    let always = json!({"tools": [{"name": "weather"}]});
    let listed = app.get("/ai/tool-servers").bearer(&people.admin).await.expect(200);
    let path = format!("/ai/tool-servers/{}", listed.text("/items/0/id"));
    app.patch(&path).bearer(&people.admin).json(&always).await.expect(200);
    assert_eq!(call(weather, false).await.expect_err("not any more").code, ErrorCode::Forbidden);
    assert_eq!(call(rain, true).await.expect_err("it is gone").code, ErrorCode::NotFound);
}

async fn what_leaves_the_house_is_bounded(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let stranger = Stranger::with(json!([weather()])).await;
    let added = add(&app, &people.admin, &stranger.url, &[("weather", "never")]).await.expect(201);
    for arguments in [json!({"note": "a secret"}), json!({"city": "x".repeat(20_000)})] {
        let refused = tried(&app, &people.admin, &path(&added), arguments).await.expect(422);
        assert_eq!(refused.faults(), ["/arguments"]);
    }
    assert_eq!(stranger.heard_of("tools/call"), 0);
    let card = RawJson::trusted(r#"{"city": "4111 1111 1111 1111"}"#.to_owned());
    let tools = app.app.external_tools().await;
    let call = app.app.call_external_tool(&ctx(&app), &tools[0], &card, false).await;
    let text = call.expect("it is called");
    assert!(text.contains("[card number]") && !text.contains("4111"), "{text}");
    let body = json!({"tool": "rain", "arguments": {}});
    let call = app.post(&format!("{}/call", path(&added))).bearer(&people.admin).json(&body);
    assert_eq!(call.await.expect(422).faults(), ["/tool"]);
}

async fn what_comes_back_is_text_and_bounded(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let stranger = Stranger::with(json!([weather()])).await;
    let added = add(&app, &people.admin, &stranger.url, &[("weather", "never")]).await.expect(201);
    let says = |content: Value, is_error: bool| {
        let told = json!({"content": content, "isError": is_error});
        stranger.says(move |message| asks(message, "tools/call").then(|| result(message, &told)));
    };
    let path = path(&added);
    let tried = || tried(&app, &people.admin, &path, json!({"city": "Oslo"}));
    says(json!([{"type": "image", "data": "AAAA", "mimeType": "image/png"}]), false);
    let text = tried().await.expect(200).text("/text");
    assert_eq!(text, "(an image of type image/png, about 3 bytes, left out)");
    says(json!([{"type": "text", "text": "ä".repeat(50_000)}]), false);
    let text = tried().await.expect(200).text("/text");
    assert!(
        text.ends_with("[Cut here: 20000 of 50000 characters. Ask for less.]"),
        "{}",
        text.len()
    );
    says(json!([{"type": "text", "text": "no\u{0}such\u{202e} city"}]), true);
    let text = tried().await.expect(200).text("/text");
    assert_eq!(text, "The tool reports that it failed:\nnosuch city");
    says(json!([{"type": "text", "text": "x".repeat(300 * 1024)}]), false);
    let answer = tried().await.expect(503);
    assert!(answer.text("/detail").contains("more than"), "{}", answer.body);
}

async fn a_dead_server_delays_nobody(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let stranger = Stranger::with(json!([weather()])).await;
    let added = add(&app, &people.admin, &stranger.url, &[("weather", "never")]).await.expect(201);
    let path = path(&added);
    let slow = json!({"connect_timeout_ms": 700, "call_timeout_ms": 900});
    app.patch(&path).bearer(&people.admin).json(&slow).await.expect(200);
    stranger.says(|_| Some(raw("text/event-stream", Body::from_stream(silence()))));
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        let answer = tried(&app, &people.admin, &path, json!({"city": "Oslo"})).await.expect(503);
        assert!(answer.text("/detail").contains("within 700 ms"), "{}", answer.body);
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let asked = stranger.heard().len();
    let left_alone = tried(&app, &people.admin, &path, json!({"city": "Oslo"})).await.expect(503);
    assert!(left_alone.text("/detail").contains("left alone"), "{}", left_alone.body);
    assert_eq!(stranger.heard().len(), asked, "it was not asked");
    assert_eq!(offered(&app).await, ["sky__weather"], "the list does not hang on it");
    let shown = app.get(&path).bearer(&people.admin).await.expect(200);
    assert!(shown.text("/last_error").contains("within 700 ms"), "{}", shown.body);
    // An administrator who wants to know is not put off.
    stranger.says(|_| None);
    let refreshed = app.post(&format!("{path}/refresh")).bearer(&people.admin).await.expect(200);
    assert_eq!(refreshed.body["last_error"], Value::Null);
    tried(&app, &people.admin, &path, json!({"city": "Oslo"})).await.expect(200);
}

/// A body that never says anything.
fn silence() -> impl futures::Stream<Item = Result<String, std::io::Error>> {
    stream::pending()
}

async fn who_leaves_ends_the_call(db: &TestDb) {
    /// Says so when it is dropped.
    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let app = TestApp::new(db);
    let people = people(&app).await;
    let stranger = Stranger::with(json!([weather()])).await;
    add(&app, &people.admin, &stranger.url, &[("weather", "never")]).await.expect(201);
    let gone = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&gone);
    stranger.says(move |message| {
        if !asks(message, "tools/call") {
            return None;
        }
        let flag = Flag(Arc::clone(&seen));
        let begun = stream::iter([Ok(": a moment\n\n".to_owned())]);
        let waits = stream::once(async move {
            let _until_it_is_dropped = flag;
            std::future::pending::<Result<String, std::io::Error>>().await
        });
        Some(raw("text/event-stream", Body::from_stream(begun.chain(waits))))
    });
    let tools = app.app.external_tools().await;
    let (caller, nothing) = (ctx(&app), RawJson::empty_object());
    {
        let call = app.app.call_external_tool(&caller, &tools[0], &nothing, false);
        tokio::pin!(call);
        let asked = eventually("it is asked", async || stranger.heard_of("tools/call") == 1);
        tokio::select! {
            done = &mut call => panic!("it gave {done:?}"),
            () = asked => {}
        }
        assert!(!gone.load(Ordering::SeqCst));
    }
    eventually("the connection ends", async || gone.load(Ordering::SeqCst)).await;
    eventually("it is recorded all the same", async || {
        let page = app.get("/ai/decisions?action=tool_called").bearer(&people.admin).await;
        page.expect(200).body["items"][0]["output"]["outcome"] == "caller_left"
    })
    .await;
}
