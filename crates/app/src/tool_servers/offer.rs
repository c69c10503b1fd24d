//! What agents are offered.

use std::collections::HashMap;

use atc_core::{
    Result,
    chat::ToolSpec,
    id::ToolServerId,
    tool_server::{
        Allowed, Approval, ServerName, ServerTool, ToolName, ToolServer, ToolState, offered_name,
    },
};

use crate::App;

/// The most tools that are offered at a time: more only confuse a model.
const MOST_OFFERED: usize = 64;

/// A tool of a server of others that an agent may use now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedTool {
    /// Whose it is.
    pub server_id: ToolServerId,
    /// The name of the server.
    pub server: ServerName,
    /// The name of the tool there.
    pub tool: ToolName,
    /// How it is offered to a model. Its words are a stranger's that an administrator has seen.
    pub spec: ToolSpec,
    /// Whether each call of it needs a person's yes.
    pub writes: bool,
    /// The digest of what was allowed.
    pub digest: String,
}

impl App {
    /// The tools of other servers that agents may use now. No server is asked for it, and no failure ends a
    /// task: where the database does not say, there are none.
    pub async fn external_tools(&self) -> Vec<AllowedTool> {
        match self.offered_tools().await {
            Ok(tools) => tools,
            Err(e) => {
                tracing::warn!(error = %e, "the tools of other servers cannot be offered");
                Vec::new()
            }
        }
    }

    /// What health says of other systems whose tools agents lack; `None` when they lack none. Where the database
    /// does not say, that is another part's trouble.
    pub(crate) async fn tool_trouble(&self) -> Option<String> {
        let allowed = self.store.tool_servers().allowed_tools().await.ok()?;
        if allowed.is_empty() {
            return None;
        }
        let servers = self.store.tool_servers().list().await.ok()?;
        let lacks = |server: &ToolServer| {
            let of_it = allowed.iter().filter(|(id, _)| *id == server.id).map(|(_, tool)| tool);
            if server.last_error.is_some() && of_it.clone().next().is_some() {
                return Some(format!("the tool server {} does not answer", server.name));
            }
            let suspended = of_it.filter(|tool| tool.state() == ToolState::Suspended);
            let names: Vec<_> = suspended.map(|tool| tool.name.to_string()).collect();
            (!names.is_empty()).then(|| {
                format!("the tool server {} has suspended tools: {}", server.name, names.join(", "))
            })
        };
        let lacking: Vec<_> = servers.iter().filter_map(lacks).collect();
        (!lacking.is_empty()).then(|| {
            format!("{}; agents go on without; look at /ai/tool-servers", lacking.join("; "))
        })
    }

    async fn offered_tools(&self) -> Result<Vec<AllowedTool>> {
        let allowed = self.store.tool_servers().allowed_tools().await?;
        if allowed.is_empty() {
            return Ok(Vec::new());
        }
        let servers = self.store.tool_servers().list().await?;
        let names: HashMap<_, _> = servers.into_iter().map(|s| (s.id, s.name)).collect();
        let offered = allowed.into_iter().filter_map(|(id, tool)| {
            let name = names.get(&id)?;
            offer(id, name, tool)
        });
        Ok(offered.take(MOST_OFFERED).collect())
    }
}

/// How a tool is offered, where it is.
pub(super) fn offer(
    id: ToolServerId,
    server: &ServerName,
    tool: ServerTool,
) -> Option<AllowedTool> {
    if tool.state() != ToolState::Offered {
        return None;
    }
    let Allowed { approval, definition } = tool.allowed?;
    let spec = ToolSpec {
        name: offered_name(server, &tool.name),
        description: format!("[Tool of the external server {server}] {}", definition.description),
        parameters: definition.input_schema,
    };
    let writes = approval == Approval::Always;
    Some(AllowedTool {
        server_id: id,
        server: server.clone(),
        tool: tool.name,
        spec,
        writes,
        digest: definition.digest,
    })
}
