//! `GET /ai/tool-servers`.

use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadToolServers},
    problem::Result,
    reply::ItemsBody,
    wire::ToolServerBody,
};

endpoint!(list_tool_servers);

/// List the MCP servers whose tools agents may use.
#[utoipa::path(
    get, path = "/ai/tool-servers", tag = "Tool servers",
    responses((status = 200, description = "All of them.", body = ItemsBody<ToolServerBody>))
)]
async fn list_tool_servers(
    _: Can<ReadToolServers>,
    State(state): State<ApiState>,
) -> Result<Json<ItemsBody<ToolServerBody>>> {
    let servers = state.app.list_tool_servers().await?;
    Ok(Json(ItemsBody { items: servers.iter().map(ToolServerBody::from).collect() }))
}
