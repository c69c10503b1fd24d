//! Servers of others, and what they can do.

use atc_app::ToolServerDetail;
use atc_core::tool_server::{ServerTool, ToolDefinition, ToolServer, ToolState as State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Approval, ToolState, ticket::raw};

/// A server of others, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolServer, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "crm",
    "url": "https://crm.example.com/mcp", "has_bearer_token": true, "header_names": [],
    "enabled": true, "connect_timeout_ms": 2000, "call_timeout_ms": 10000, "tools_found": 7,
    "tools_offered": 2, "tools_suspended": 0, "checked_at": "2026-01-31T12:00:00Z",
    "last_error": null, "note": null, "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z", "version": 1
}))]
pub(crate) struct ToolServerBody {
    /// Its identity.
    id: Uuid,
    /// What the names of its tools begin with, where agents see them.
    name: String,
    /// Where it serves.
    url: String,
    /// Whether it is shown a token.
    has_bearer_token: bool,
    /// The names of the further headers that it is shown.
    header_names: Vec<String>,
    /// Whether its tools are offered at all.
    enabled: bool,
    /// How long it may take to answer the greeting.
    connect_timeout_ms: u64,
    /// How long one call may take as a whole.
    call_timeout_ms: u64,
    /// How many tools it has.
    tools_found: usize,
    /// How many of them agents may use.
    tools_offered: usize,
    /// How many wait to be allowed again.
    tools_suspended: usize,
    /// When it was last asked what it can do.
    checked_at: Option<DateTime<Utc>>,
    /// Why it gave nothing then.
    last_error: Option<String>,
    /// What of its list was left out.
    note: Option<String>,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Grows with each change.
    version: i64,
}

impl From<&ToolServerDetail> for ToolServerBody {
    fn from(detail: &ToolServerDetail) -> Self {
        let ToolServer { id, name, url, has_token, header_names, enabled, .. } = &detail.server;
        let server = &detail.server;
        let count = |state: State| detail.tools.iter().filter(|t| t.state() == state).count();
        let millis = |d: std::time::Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        Self {
            id: id.0,
            name: name.to_string(),
            url: url.as_str().to_owned(),
            has_bearer_token: *has_token,
            header_names: header_names.clone(),
            enabled: *enabled,
            connect_timeout_ms: millis(server.connect_timeout),
            call_timeout_ms: millis(server.call_timeout),
            tools_found: detail.tools.iter().filter(|tool| tool.found.is_some()).count(),
            tools_offered: count(State::Offered),
            tools_suspended: count(State::Suspended),
            checked_at: server.checked_at,
            last_error: server.last_error.clone(),
            note: server.note.clone(),
            created_at: server.created_at,
            updated_at: server.updated_at,
            version: server.version,
        }
    }
}

/// A server of others with its tools. What it says of them is a stranger's text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolServerDetail, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "crm",
    "url": "https://crm.example.com/mcp", "has_bearer_token": true, "header_names": [],
    "enabled": true, "connect_timeout_ms": 2000, "call_timeout_ms": 10000, "tools_found": 1,
    "tools_offered": 1, "tools_suspended": 0, "checked_at": "2026-01-31T12:00:00Z",
    "last_error": null, "note": null, "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z", "version": 1,
    "tools": [{
        "name": "find_customer", "state": "offered", "approval": "never",
        "found": {
            "title": null, "description": "Finds a customer by number.",
            "input_schema": {"type": "object", "properties": {"number": {"type": "string"}}},
            "read_only": true, "destructive": null, "idempotent": null, "open_world": null,
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "unusable": null
        },
        "allowed": null
    }]
}))]
pub(crate) struct ToolServerDetailBody {
    #[serde(flatten)]
    server: ToolServerBody,
    /// Its tools, by name.
    tools: Vec<ToolBody>,
}

impl From<&ToolServerDetail> for ToolServerDetailBody {
    fn from(detail: &ToolServerDetail) -> Self {
        let tools = detail.tools.iter().map(ToolBody::from).collect();
        Self { server: ToolServerBody::from(detail), tools }
    }
}

/// One tool of a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServerTool, example = json!({
    "name": "find_customer", "state": "not_allowed", "approval": null,
    "found": {
        "title": null, "description": "Finds a customer by number.",
        "input_schema": {"type": "object", "properties": {"number": {"type": "string"}}},
        "read_only": true, "destructive": null, "idempotent": null, "open_world": null,
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "unusable": null
    },
    "allowed": null
}))]
struct ToolBody {
    /// Its name there.
    name: String,
    /// What becomes of it.
    state: ToolState,
    /// When a call needs a person's yes; null where it is not allowed.
    #[schema(nullable)]
    approval: Option<Approval>,
    /// What the server says of it; null where it no longer knows the tool.
    #[schema(nullable)]
    found: Option<ToolDefinitionBody>,
    /// What the server said when it was allowed, where it says something else by now.
    #[schema(nullable)]
    allowed: Option<ToolDefinitionBody>,
}

impl From<&ServerTool> for ToolBody {
    fn from(tool: &ServerTool) -> Self {
        let state = tool.state();
        let before = tool.allowed.as_ref().filter(|_| state == State::Suspended);
        Self {
            name: tool.name.to_string(),
            state: state.into(),
            approval: tool.allowed.as_ref().map(|allowed| allowed.approval.into()),
            found: tool.found.as_ref().map(ToolDefinitionBody::from),
            allowed: before.map(|allowed| ToolDefinitionBody::from(&allowed.definition)),
        }
    }
}

/// What a server says of a tool.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolDefinition, example = json!({
    "title": null, "description": "Finds a customer by number.",
    "input_schema": {"type": "object", "properties": {"number": {"type": "string"}}},
    "read_only": true, "destructive": null, "idempotent": null, "open_world": null,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "unusable": null
}))]
struct ToolDefinitionBody {
    /// What people call it.
    title: Option<String>,
    /// What it does, cut at 2,000 characters.
    description: String,
    /// The JSON Schema of its arguments.
    #[schema(value_type = Object)]
    input_schema: Box<RawValue>,
    /// Whether it says that it changes nothing.
    read_only: Option<bool>,
    /// Whether it says that it may destroy something.
    destructive: Option<bool>,
    /// Whether it says that a second call changes nothing more.
    idempotent: Option<bool>,
    /// Whether it says that it speaks with the wide world.
    open_world: Option<bool>,
    /// SHA-256 over everything that the server says of it, uncut.
    digest: String,
    /// Why it cannot be used at all.
    unusable: Option<String>,
}

impl From<&ToolDefinition> for ToolDefinitionBody {
    fn from(d: &ToolDefinition) -> Self {
        Self {
            title: d.title.clone(),
            description: d.description.clone(),
            input_schema: raw(d.input_schema.clone()),
            read_only: d.hints.read_only,
            destructive: d.hints.destructive,
            idempotent: d.hints.idempotent,
            open_world: d.hints.open_world,
            digest: d.digest.clone(),
            unusable: d.unusable.clone(),
        }
    }
}
