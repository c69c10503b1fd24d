//! `POST /ai/tool-servers`.

use std::collections::BTreeMap;

use atc_app::ToolServerDetail;
use atc_core::{
    Error,
    error::Faults,
    tool_server::{CALL_TIMEOUT, CONNECT_TIMEOUT, NewToolServer, ServerName, ServerSecrets},
    webhook::EndpointUrl,
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AllowBody, allow, headers, token};
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, not_null, permissions::WriteToolServers},
    problem::Result,
    reply,
    wire::ToolServerDetailBody,
};

endpoint!(create_tool_server);

/// Add an MCP server.
///
/// It is called at once: the answer holds what it can do. Agents are offered the tools that are allowed, and no others.
#[utoipa::path(
    post, path = "/ai/tool-servers", tag = "Tool servers", request_body = CreateToolServerBody,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        pattern = "^[!-~]{1,255}$",
        description = "Makes a repeat harmless: within 24 hours it gets the first answer again.")),
    responses((status = 201, description = "The server and what it can do.",
        body = ToolServerDetailBody))
)]
async fn create_tool_server(
    Can { ctx, .. }: Can<WriteToolServers>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateToolServerBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |made: &ToolServerDetail| {
        let location = format!("{}/ai/tool-servers/{}", crate::v1::PREFIX, made.server.id);
        reply::created(&ToolServerDetailBody::from(made), Some(location), Some(made.server.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_tool_server(&ctx, new, remember).await?, render)
}

/// An MCP server to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateToolServer, example = json!({
    "name": "crm", "url": "https://crm.example.com/mcp", "bearer_token": "…",
    "tools": [{"name": "find_customer", "approval": "never"}]
}))]
struct CreateToolServerBody {
    /// What the names of its tools begin with, where agents see them: lower-case letters and digits, with single hyphens.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 24, required, nullable = false)]
    name: Option<String>,
    /// Where it serves MCP over streamable HTTP: on the public internet over HTTPS, or where `OUTGOING_ALLOW` says.
    #[schema(pattern = "^https?://", max_length = 2000, required, nullable = false)]
    url: Option<String>,
    /// Sent as `Authorization: Bearer …`; never shown again.
    #[schema(max_length = 4096)]
    bearer_token: Option<String>,
    /// Further headers to be sent, at most 10; never shown again.
    #[schema(nullable = false, value_type = Option<std::collections::HashMap<String, String>>)]
    #[serde(default, deserialize_with = "not_null")]
    headers: Option<BTreeMap<String, String>>,
    /// Whether its tools are offered; `true` where it is left out.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    enabled: Option<bool>,
    /// How long it may take to answer the greeting; 2,000 where it is left out.
    #[schema(minimum = 100, maximum = 10_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    connect_timeout_ms: Option<u32>,
    /// How long one call may take as a whole; 10,000 where it is left out.
    #[schema(minimum = 500, maximum = 60_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    call_timeout_ms: Option<u32>,
    /// Which tools are allowed from the start; none, where it is left out.
    #[schema(max_items = 64, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    tools: Option<Vec<AllowBody>>,
}

impl TryFrom<CreateToolServerBody> for NewToolServer {
    type Error = Error;

    fn try_from(body: CreateToolServerBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let name = faults.require("/name", body.name.map(ServerName::parse));
        let url = faults.require("/url", body.url.map(EndpointUrl::parse));
        let has_token = body.bearer_token.is_some();
        let token = body.bearer_token.and_then(|text| token(&mut faults, &text));
        let headers = headers(&mut faults, &body.headers.unwrap_or_default(), has_token);
        let connect_timeout = match body.connect_timeout_ms {
            Some(ms) => faults.take("/connect_timeout_ms", CONNECT_TIMEOUT.parse(ms)),
            None => Some(CONNECT_TIMEOUT.or_usual()),
        };
        let call_timeout = match body.call_timeout_ms {
            Some(ms) => faults.take("/call_timeout_ms", CALL_TIMEOUT.parse(ms)),
            None => Some(CALL_TIMEOUT.or_usual()),
        };
        let allow = allow(&mut faults, body.tools.unwrap_or_default());
        let parts = name.zip(url).zip(headers).zip(connect_timeout.zip(call_timeout)).zip(allow);
        let new =
            parts.map(|((((name, url), headers), (connect_timeout, call_timeout)), allow)| Self {
                name,
                url,
                secrets: ServerSecrets { token, headers },
                enabled: body.enabled.unwrap_or(true),
                connect_timeout,
                call_timeout,
                allow,
            });
        faults.finish(new)
    }
}
