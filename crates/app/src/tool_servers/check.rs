//! Asking a server what it can do, and comparing that with what was allowed.

use std::collections::BTreeMap;

use atc_core::{
    Error, Result,
    error::Faults,
    id::ToolServerId,
    notification::NotificationKind,
    ports::{FoundTools, ToolServerError},
    tool_server::{Allow, Allowed, Approval, ServerTool, ToolName, ToolServer, ToolState},
};

use super::{ToolServerDetail, secrets::address};
use crate::App;

/// After how many seconds asking a server again makes sense.
const RETRY_S: u64 = 30;

impl App {
    /// Asks a server now what it can do. What changed since it was allowed is suspended.
    ///
    /// # Errors
    /// Unavailable when the server gives no list; why is kept with the server as well.
    pub async fn refresh_tool_server(&self, id: ToolServerId) -> Result<ToolServerDetail> {
        self.tools.forget(id);
        self.check_tool_server(id).await
    }

    /// The same, where the server is not left alone after failures.
    pub(super) async fn check_tool_server(&self, id: ToolServerId) -> Result<ToolServerDetail> {
        let (server, secrets) = self.server_with_secrets(id).await?;
        match self.tools.list(&address(&server, secrets)).await {
            Ok(found) => self.note_found(&server, found).await,
            Err(e) => {
                if !matches!(e, ToolServerError::NotAsked(_)) {
                    let tx = self.store.begin().await?;
                    let text = e.to_string();
                    tx.tool_servers().note_failure(id, &text, self.now()).await?;
                    tx.commit().await?;
                }
                Err(unavailable(&e))
            }
        }
    }

    async fn note_found(&self, asked: &ToolServer, found: FoundTools) -> Result<ToolServerDetail> {
        let id = asked.id;
        let tx = self.store.begin().await?;
        let servers = tx.tool_servers();
        let mut server = servers.get_for_update(id).await?;
        if server.url != asked.url {
            return Err(Error::conflict("Its address was changed at the same time; try again."));
        }
        let before = servers.tools(id).await?;
        let tools = merged(&before, found.tools);
        let now = self.now();
        server.checked_at = Some(now);
        let changed = tools != before || server.note != found.note || server.last_error.is_some();
        if changed {
            server.version += 1;
            server.updated_at = now;
            server.note = found.note;
            server.last_error = None;
            servers.set_tools(id, &tools).await?;
        }
        servers.update(&server).await?;
        let suspended = newly_suspended(&before, &tools);
        if !suspended.is_empty() {
            self.notify_admins(&tx, NotificationKind::ToolSuspended, now).await?;
        }
        tx.commit().await?;
        self.tools_seen.note(id);
        for tool in suspended {
            tracing::warn!(
                server = %server.name, %tool,
                "a tool is no longer what was allowed; it waits until it is allowed again"
            );
            metrics::counter!("tool_suspensions_total", "server" => server.name.to_string())
                .increment(1);
        }
        Ok(ToolServerDetail { server, tools })
    }
}

/// Which tools are suspended that were offered.
fn newly_suspended(before: &[ServerTool], after: &[ServerTool]) -> Vec<ToolName> {
    let was_offered =
        |name: &ToolName| before.iter().any(|t| t.name == *name && t.state() == ToolState::Offered);
    let suspended = after.iter().filter(|tool| tool.state() == ToolState::Suspended);
    suspended.map(|tool| tool.name.clone()).filter(was_offered).collect()
}

/// What is known of the tools once the server has said what it can do.
pub(super) fn merged(
    before: &[ServerTool],
    found: Vec<(ToolName, atc_core::tool_server::ToolDefinition)>,
) -> Vec<ServerTool> {
    let mut tools: BTreeMap<ToolName, ServerTool> = BTreeMap::new();
    for (name, definition) in found {
        let tool = ServerTool { name: name.clone(), found: Some(definition), allowed: None };
        tools.insert(name, tool);
    }
    for old in before.iter().filter(|tool| tool.allowed.is_some()) {
        let gone = || ServerTool { name: old.name.clone(), found: None, allowed: None };
        let tool = tools.entry(old.name.clone()).or_insert_with(gone);
        tool.allowed.clone_from(&old.allowed);
    }
    tools.into_values().collect()
}

/// Allows these tools and no others, as they are now.
pub(super) fn allow(
    tools: Vec<ServerTool>,
    wanted: &[Allow],
    faults: &mut Faults,
) -> Vec<ServerTool> {
    let mut tools: BTreeMap<ToolName, (ServerTool, Option<Allowed>)> =
        tools.into_iter().map(|tool| (tool.name.clone(), (tool, None))).collect();
    for (i, allow) in wanted.iter().enumerate() {
        let Some((tool, allowed)) = tools.get_mut(&allow.name) else {
            faults.body(format!("/tools/{i}/name"), "The server has no such tool.");
            continue;
        };
        match allowed_now(tool, allow) {
            Ok(now) => *allowed = Some(now),
            Err((member, why)) => faults.body(format!("/tools/{i}/{member}"), why),
        }
    }
    let decided = tools.into_values().map(|(tool, allowed)| ServerTool { allowed, ..tool });
    decided.filter(|tool| tool.found.is_some() || tool.allowed.is_some()).collect()
}

/// What is allowed of a tool, or which member of the wish is at fault.
fn allowed_now(tool: &ServerTool, allow: &Allow) -> Result<Allowed, (&'static str, String)> {
    let approval = allow.approval;
    let before = tool.allowed.as_ref().map(|allowed| &allowed.definition);
    let definition = match (before, &tool.found) {
        // Whoever repeats what was said before does not allow what it is by now: it stays suspended.
        (Some(before), _) if allow.digest.is_none() => before,
        (_, Some(found)) => found,
        (_, None) => return Err(("name", "The server has no such tool any more.".to_owned())),
    };
    if let Some(why) = &definition.unusable {
        return Err(("name", format!("This tool cannot be used. {why}")));
    }
    if allow.digest.as_ref().is_some_and(|digest| *digest != definition.digest) {
        let why = "The server says something else of this tool by now; look at it again.";
        return Err(("digest", why.to_owned()));
    }
    if approval == Approval::Never && definition.hints.admits_writing() {
        let why =
            "The server says that this tool changes something: it needs an approval each time.";
        return Err(("approval", why.to_owned()));
    }
    Ok(Allowed { approval, definition: definition.clone() })
}

/// Why a server gave nothing, for a call that cannot do without.
pub(super) fn unavailable(e: &ToolServerError) -> Error {
    Error::unavailable(e.to_string(), RETRY_S)
}

/// Why a server cannot be added as it is described.
pub(super) fn fault(e: &ToolServerError) -> Error {
    match e {
        ToolServerError::NotAsked(_) => unavailable(e),
        ToolServerError::Unauthorized(_) => Error::invalid_body("/bearer_token", e.to_string()),
        _ => Error::invalid_body("/url", e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atc_core::{
        json::RawJson,
        tool_server::{ToolDefinition, ToolHints},
    };

    fn definition(digest: &str, read_only: Option<bool>) -> ToolDefinition {
        ToolDefinition {
            title: None,
            description: String::new(),
            input_schema: RawJson::empty_object(),
            hints: ToolHints { read_only, ..ToolHints::default() },
            digest: digest.to_owned(),
            unusable: None,
        }
    }

    fn name(text: &str) -> ToolName {
        ToolName::parse(text).unwrap()
    }

    fn wish(tool: &str, approval: Approval, digest: Option<&str>) -> Allow {
        Allow { name: name(tool), approval, digest: digest.map(str::to_owned) }
    }

    fn decide(tools: &[ServerTool], wanted: &[Allow]) -> Result<Vec<ServerTool>> {
        let mut faults = Faults::new();
        let decided = allow(tools.to_vec(), wanted, &mut faults);
        faults.finish(Some(decided))
    }

    #[test]
    fn what_changed_is_allowed_again_only_by_who_names_what_it_is_now() {
        let first = merged(&[], vec![(name("a"), definition("one", None))]);
        let allowed = decide(&first, &[wish("a", Approval::Never, None)]).unwrap();
        assert_eq!(allowed[0].state(), ToolState::Offered);
        let changed = merged(&allowed, vec![(name("a"), definition("two", None))]);
        assert_eq!(changed[0].state(), ToolState::Suspended);
        let repeated = decide(&changed, &[wish("a", Approval::Never, None)]).unwrap();
        assert_eq!(repeated[0].state(), ToolState::Suspended, "by repeating what was said before");
        decide(&changed, &[wish("a", Approval::Never, Some("one"))]).unwrap_err();
        let again = decide(&changed, &[wish("a", Approval::Never, Some("two"))]).unwrap();
        assert_eq!(again[0].state(), ToolState::Offered);
        let gone = merged(&again, vec![]);
        assert_eq!(gone[0].state(), ToolState::Suspended);
        assert_eq!(decide(&gone, &[]).unwrap(), []);
    }

    #[test]
    fn who_says_that_it_writes_is_always_asked_about() {
        let tools = merged(&[], vec![(name("a"), definition("one", Some(false)))]);
        decide(&tools, &[wish("a", Approval::Never, None)]).unwrap_err();
        decide(&tools, &[wish("b", Approval::Always, None)]).unwrap_err();
        let allowed = decide(&tools, &[wish("a", Approval::Always, None)]).unwrap();
        assert_eq!(allowed[0].state(), ToolState::Offered);
        let unusable = ToolDefinition { unusable: Some("No.".to_owned()), ..definition("x", None) };
        let tools = merged(&[], vec![(name("a"), unusable)]);
        decide(&tools, &[wish("a", Approval::Always, None)]).unwrap_err();
    }
}
