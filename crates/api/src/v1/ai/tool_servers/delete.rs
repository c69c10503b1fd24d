//! `DELETE /ai/tool-servers/{id}`.

use atc_core::id::ToolServerId;
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::WriteToolServers},
    problem::Result,
};

endpoint!(delete_tool_server);

/// Remove an MCP server, and forget what was allowed.
#[utoipa::path(
    delete, path = "/ai/tool-servers/{id}", tag = "Tool servers",
    params(("id" = uuid::Uuid, Path, description = "The server.")),
    responses((status = 204, description = "Removed."))
)]
async fn delete_tool_server(
    Can { ctx, .. }: Can<WriteToolServers>,
    State(state): State<ApiState>,
    Id(id): Id<ToolServerId>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_tool_server(&ctx, id, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
