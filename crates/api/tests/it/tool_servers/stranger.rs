//! A server of somebody else, which says what the test wants.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use atc_testkit::{Answer, TestApp};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

/// What a stranger says to a request of the protocol; `None`: as a decent server would.
type Script = Box<dyn Fn(&Value) -> Option<Response> + Send>;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    pub headers: HeaderMap,
    pub message: Value,
}

struct Mind {
    script: Script,
    tools: Value,
    heard: Vec<Heard>,
}

/// A server of somebody else.
#[derive(Clone)]
pub struct Stranger {
    pub url: String,
    mind: Arc<Mutex<Mind>>,
}

impl Stranger {
    /// A decent one with these tools.
    pub async fn with(tools: Value) -> Self {
        let mind = Mind { script: Box::new(|_| None), tools, heard: Vec::new() };
        let mind = Arc::new(Mutex::new(mind));
        let router = Router::new().route("/mcp", any(answer)).with_state(Arc::clone(&mind));
        Self { url: format!("http://{}/mcp", served(router).await), mind }
    }

    /// One that answers by this script, and is decent where the script says nothing.
    pub async fn saying(script: impl Fn(&Value) -> Option<Response> + Send + 'static) -> Self {
        let stranger = Self::with(json!([weather()])).await;
        stranger.says(script);
        stranger
    }

    /// From now on answers by this script.
    pub fn says(&self, script: impl Fn(&Value) -> Option<Response> + Send + 'static) {
        self.mind.lock().unwrap_or_else(PoisonError::into_inner).script = Box::new(script);
    }

    /// From now on has these tools.
    pub fn has(&self, tools: Value) {
        self.mind.lock().unwrap_or_else(PoisonError::into_inner).tools = tools;
    }

    /// Everything that it was asked.
    pub fn heard(&self) -> Vec<Heard> {
        self.mind.lock().unwrap_or_else(PoisonError::into_inner).heard.clone()
    }

    /// How often it was asked this.
    pub fn heard_of(&self, method: &str) -> usize {
        self.heard().iter().filter(|heard| heard.message["method"] == method).count()
    }
}

/// Serves until the test ends.
pub async fn served(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn answer(State(mind): State<Arc<Mutex<Mind>>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut mind = mind.lock().unwrap_or_else(PoisonError::into_inner);
    mind.heard.push(Heard { headers, message: message.clone() });
    if let Some(said) = (mind.script)(&message) {
        return said;
    }
    match message["method"].as_str() {
        Some("initialize") => result(
            &message,
            &json!({
                "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                "serverInfo": {"name": "stranger", "version": "1"}
            }),
        ),
        Some("tools/list") => result(&message, &json!({"tools": mind.tools})),
        Some("tools/call") => {
            let text = format!("It is sunny. You said {}.", message["params"]["arguments"]);
            result(&message, &json!({"content": [{"type": "text", "text": text}]}))
        }
        Some(method) if !method.starts_with("notifications/") => {
            let error = json!({"code": -32601, "message": "not known"});
            json_of(&json!({"jsonrpc": "2.0", "id": message["id"], "error": error}))
        }
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

/// A result of the protocol.
pub fn result(message: &Value, result: &Value) -> Response {
    json_of(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}))
}

pub fn json_of(value: &Value) -> Response {
    raw("application/json", value.to_string())
}

pub fn raw(media_type: &'static str, body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, media_type)], body.into()).into_response()
}

/// Whether a message asks for this.
pub fn asks(message: &Value, method: &str) -> bool {
    message["method"] == method
}

/// A tool that reads.
pub fn weather() -> Value {
    json!({
        "name": "weather", "description": "Says how the weather is.",
        "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}},
        "annotations": {"readOnlyHint": true}
    })
}

/// A tool that writes, and says so.
pub fn rain() -> Value {
    json!({
        "name": "rain", "description": "Makes it rain.",
        "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}},
        "annotations": {"readOnlyHint": false, "destructiveHint": true}
    })
}

/// Adds a server with these tools allowed.
pub async fn add(app: &TestApp, admin: &str, url: &str, allow: &[(&str, &str)]) -> Answer {
    let allow = allow.iter().map(|(name, approval)| json!({"name": name, "approval": approval}));
    let body = json!({"name": "sky", "url": url, "tools": allow.collect::<Vec<_>>()});
    app.post("/ai/tool-servers").bearer(admin).json(&body).await
}

/// Where a server that was added stands.
pub fn path(added: &Answer) -> String {
    format!("/ai/tool-servers/{}", added.text("/id"))
}

/// The names that agents see.
pub async fn offered(app: &TestApp) -> Vec<String> {
    let tools = app.app.external_tools().await;
    tools.into_iter().map(|tool| tool.spec.name).collect()
}

/// What trying a tool gives.
pub async fn tried(app: &TestApp, admin: &str, path: &str, arguments: Value) -> Answer {
    let body = json!({"tool": "weather", "arguments": arguments});
    app.post(&format!("{path}/call")).bearer(admin).json(&body).await
}
