//! `POST /ai/tool-servers/{id}/refresh`.

use atc_core::id::ToolServerId;
use axum::{extract::State, response::Response};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::WriteToolServers},
    problem::Result,
    reply,
    wire::ToolServerDetailBody,
};

endpoint!(refresh_tool_server);

/// Ask an MCP server now what it can do.
///
/// A tool that is no longer what was allowed is suspended until it is allowed again.
#[utoipa::path(
    post, path = "/ai/tool-servers/{id}/refresh", tag = "Tool servers",
    params(("id" = uuid::Uuid, Path, description = "The server.")),
    responses(
        (status = 200, description = "The server as it is now.", body = ToolServerDetailBody),
        (status = 503, description = "The server gave no list; `detail` says why.",
            body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn refresh_tool_server(
    _: Can<WriteToolServers>,
    State(state): State<ApiState>,
    Id(id): Id<ToolServerId>,
) -> Result<Response> {
    let detail = state.app.refresh_tool_server(id).await?;
    Ok(reply::changed(&ToolServerDetailBody::from(&detail), detail.server.version))
}
