//! `PATCH /ai/tool-servers/{id}`.

use std::collections::BTreeMap;

use atc_core::{
    Error,
    error::Faults,
    id::ToolServerId,
    patch::Patch,
    tool_server::{CALL_TIMEOUT, CONNECT_TIMEOUT, ServerName, ToolServerPatch},
    webhook::EndpointUrl,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AllowBody, allow, headers, token};
use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, double_option, not_null, permissions::WriteToolServers},
    problem::Result,
    reply,
    wire::ToolServerDetailBody,
};

endpoint!(update_tool_server);

/// Change an MCP server, and which of its tools are allowed.
///
/// Where its address or a secret changes, it is called first. A new address needs each secret anew, or `null`.
#[utoipa::path(
    patch, path = "/ai/tool-servers/{id}", tag = "Tool servers",
    request_body = UpdateToolServerBody,
    params(("id" = uuid::Uuid, Path, description = "The server.")),
    responses((status = 200, description = "The server.", body = ToolServerDetailBody))
)]
async fn update_tool_server(
    Can { ctx, .. }: Can<WriteToolServers>,
    State(state): State<ApiState>,
    Id(id): Id<ToolServerId>,
    headers: HeaderMap,
    body: Body<UpdateToolServerBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let if_match = if_match(&headers)?;
    let detail = state.app.update_tool_server(&ctx, id, patch, &if_match).await?;
    Ok(reply::changed(&ToolServerDetailBody::from(&detail), detail.server.version))
}

/// A change: only what is mentioned changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateToolServer, example = json!({
    "tools": [{"name": "find_customer", "approval": "never"}]
}))]
#[expect(clippy::option_option, reason = "absent, null, or a value")]
struct UpdateToolServerBody {
    /// Another name.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 24, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    /// Another address.
    #[schema(pattern = "^https?://", max_length = 2000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    url: Option<String>,
    /// Another token, or `null` for none.
    #[schema(max_length = 4096, value_type = Option<String>)]
    #[serde(default, deserialize_with = "double_option")]
    bearer_token: Option<Option<String>>,
    /// Other headers, in place of all before, or `null` for none.
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    #[serde(default, deserialize_with = "double_option")]
    headers: Option<Option<BTreeMap<String, String>>>,
    /// Whether its tools are offered.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    enabled: Option<bool>,
    /// How long it may take to answer the greeting.
    #[schema(minimum = 100, maximum = 10_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    connect_timeout_ms: Option<u32>,
    /// How long one call may take as a whole.
    #[schema(minimum = 500, maximum = 60_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    call_timeout_ms: Option<u32>,
    /// Which tools are allowed, in place of all before.
    #[schema(max_items = 64, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    tools: Option<Vec<AllowBody>>,
}

impl TryFrom<UpdateToolServerBody> for ToolServerPatch {
    type Error = Error;

    fn try_from(body: UpdateToolServerBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let has_token = matches!(body.bearer_token, Some(Some(_)));
        let token = match body.bearer_token {
            None => Patch::Keep,
            Some(None) => Patch::Clear,
            Some(Some(text)) => token(&mut faults, &text).into(),
        };
        let given = body.headers.map(Option::unwrap_or_default);
        let timeouts = [
            ("/connect_timeout_ms", body.connect_timeout_ms, CONNECT_TIMEOUT),
            ("/call_timeout_ms", body.call_timeout_ms, CALL_TIMEOUT),
        ];
        let [connect_timeout, call_timeout] = timeouts
            .map(|(pointer, ms, bounds)| ms.and_then(|ms| faults.take(pointer, bounds.parse(ms))));
        let patch = Self {
            name: body.name.and_then(|n| faults.take("/name", ServerName::parse(n))),
            url: body.url.and_then(|u| faults.take("/url", EndpointUrl::parse(u))),
            token,
            headers: given.and_then(|given| headers(&mut faults, &given, has_token)),
            enabled: body.enabled,
            connect_timeout,
            call_timeout,
            allow: body.tools.and_then(|tools| allow(&mut faults, tools)),
        };
        faults.finish(Some(patch))
    }
}
