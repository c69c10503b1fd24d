//! `POST /ai/tool-servers/{id}/call`.

use atc_core::{Error, error::Faults, id::ToolServerId, json::RawJson, tool_server::ToolName};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Id, not_null, permissions::WriteToolServers},
    problem::Result,
};

endpoint!(call_tool);

/// Try a tool that agents are offered, and see what an agent would be told.
///
/// Sending the arguments is the approval. The same bounds hold as for agents.
#[utoipa::path(
    post, path = "/ai/tool-servers/{id}/call", tag = "Tool servers", request_body = CallToolBody,
    params(("id" = uuid::Uuid, Path, description = "The server.")),
    responses(
        (status = 200, description = "What an agent would be told.", body = ToolTextBody),
        (status = 503, description = "The server gave nothing; `detail` says why.",
            body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn call_tool(
    Can { ctx, .. }: Can<WriteToolServers>,
    State(state): State<ApiState>,
    Id(id): Id<ToolServerId>,
    body: Body<CallToolBody>,
) -> Result<Json<ToolTextBody>> {
    let (tool, arguments) = body.value.try_into()?;
    let text = state.app.try_external_tool(&ctx, id, &tool, &arguments).await?;
    Ok(Json(ToolTextBody { text }))
}

/// A call of a tool.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallTool, example = json!({
    "tool": "find_customer", "arguments": {"number": "C-1042"}
}))]
struct CallToolBody {
    /// Its name at the server.
    #[schema(min_length = 1, max_length = 128, required, nullable = false)]
    tool: Option<String>,
    /// What it is given; nothing, where it is left out.
    #[schema(value_type = Option<Object>, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    arguments: Option<Map<String, Value>>,
}

impl TryFrom<CallToolBody> for (ToolName, RawJson) {
    type Error = Error;

    fn try_from(body: CallToolBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let tool = faults.require("/tool", body.tool.map(ToolName::parse));
        let arguments = Value::Object(body.arguments.unwrap_or_default());
        faults.finish(tool.map(|tool| (tool, RawJson::trusted(arguments.to_string()))))
    }
}

/// What a tool gave: a stranger's text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolText, example = json!({"text": "Customer C-1042: Ada Example, since 2019"}))]
struct ToolTextBody {
    /// Its text.
    text: String,
}
