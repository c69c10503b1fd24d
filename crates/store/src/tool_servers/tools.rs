//! The tools of servers: what they say of them, and what was allowed.

use atc_core::{
    id::ToolServerId,
    tool_server::{Allowed, Approval, ServerTool, ToolDefinition, ToolName},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Value};

use super::ToolServers;
use crate::{Result, StoreError};

const SELECT: &str = "SELECT server_id, name, found, allowed, approval FROM tool_server_tools";

#[derive(FromQueryResult)]
struct Row {
    server_id: uuid::Uuid,
    name: String,
    found: Option<String>,
    allowed: Option<String>,
    approval: Option<String>,
}

impl<C: ConnectionTrait> ToolServers<'_, C> {
    /// The tools of a server, by name.
    pub async fn tools(&self, id: ToolServerId) -> Result<Vec<ServerTool>> {
        let sql = format!("{SELECT} WHERE server_id = $1 ORDER BY name");
        let rows = self.tool_rows(sql, vec![id.0.into()]).await?;
        Ok(rows.into_iter().map(|(_, tool)| tool).collect())
    }

    /// The tools of all servers that are enabled, where something was allowed, by server and name.
    pub async fn allowed_tools(&self) -> Result<Vec<(ToolServerId, ServerTool)>> {
        let sql = format!(
            "{SELECT} WHERE allowed IS NOT NULL \
             AND server_id IN (SELECT id FROM tool_servers WHERE enabled) ORDER BY server_id, name"
        );
        self.tool_rows(sql, vec![]).await
    }

    async fn tool_rows(
        &self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<(ToolServerId, ServerTool)>> {
        let rows = Row::find_by_statement(self.statement(sql, values)).all(self.0).await?;
        rows.into_iter().map(tool).collect()
    }
}

impl ToolServers<'_, DatabaseTransaction> {
    /// Writes the tools of a server, in place of all before.
    pub async fn set_tools(&self, id: ToolServerId, tools: &[ServerTool]) -> Result<()> {
        let sql = "DELETE FROM tool_server_tools WHERE server_id = $1";
        self.0.execute_raw(self.statement(sql, vec![id.0.into()])).await?;
        for tool in tools {
            let sql = "INSERT INTO tool_server_tools (server_id, name, found, allowed, approval) \
                 VALUES ($1, $2, $3, $4, $5)";
            let allowed = tool.allowed.as_ref();
            let values = vec![
                id.0.into(),
                tool.name.as_str().into(),
                tool.found.as_ref().map(text).transpose()?.into(),
                allowed.map(|allowed| text(&allowed.definition)).transpose()?.into(),
                allowed.map(|allowed| allowed.approval.as_str()).into(),
            ];
            self.0.execute_raw(self.statement(sql, values)).await?;
        }
        Ok(())
    }
}

fn text(definition: &ToolDefinition) -> Result<String> {
    serde_json::to_string(definition).map_err(|e| StoreError::unreadable("definition of a tool", e))
}

fn definition(column: &'static str, text: &str) -> Result<ToolDefinition> {
    serde_json::from_str(text).map_err(|e| StoreError::unreadable(column, e))
}

fn tool(row: Row) -> Result<(ToolServerId, ServerTool)> {
    let name = ToolName::parse(row.name);
    let allowed = row.allowed.map(|text| {
        let word = row.approval.unwrap_or_default();
        let approval = Approval::parse(&word)
            .ok_or_else(|| StoreError::unreadable("tool_server_tools.approval", &word))?;
        let definition = definition("tool_server_tools.allowed", &text)?;
        Ok::<_, StoreError>(Allowed { approval, definition })
    });
    let found = row.found.map(|text| definition("tool_server_tools.found", &text));
    let tool = ServerTool {
        name: name.map_err(|e| StoreError::unreadable("tool_server_tools.name", e))?,
        found: found.transpose()?,
        allowed: allowed.transpose()?,
    };
    Ok((ToolServerId(row.server_id), tool))
}
