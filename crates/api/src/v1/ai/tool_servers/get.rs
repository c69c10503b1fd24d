//! `GET /ai/tool-servers/{id}`.

use atc_core::id::ToolServerId;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadToolServers},
    problem::Result,
    reply,
    wire::ToolServerDetailBody,
};

endpoint!(get_tool_server);

/// See an MCP server with its tools, and which of them are allowed.
#[utoipa::path(
    get, path = "/ai/tool-servers/{id}", tag = "Tool servers",
    params(("id" = uuid::Uuid, Path, description = "The server.")),
    responses((status = 200, description = "The server.", body = ToolServerDetailBody))
)]
async fn get_tool_server(
    _: Can<ReadToolServers>,
    State(state): State<ApiState>,
    Id(id): Id<ToolServerId>,
    headers: HeaderMap,
) -> Result<Response> {
    let detail = state.app.get_tool_server(id).await?;
    reply::one(&ToolServerDetailBody::from(&detail), detail.server.version, &headers)
}
