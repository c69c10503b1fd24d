//! Servers, as administrators shape them.

use atc_core::{
    Ctx, Error, Result,
    error::Faults,
    id::ToolServerId,
    idempotency::{Outcome, Remember},
    patch::Patch,
    tool_server::{
        Allow, MOST_SERVERS, NewToolServer, ServerName, ServerSecrets, ToolDefinition, ToolName,
        ToolServer, ToolServerPatch,
    },
    webhook::EndpointUrl,
};

use super::{
    ToolServerDetail,
    check::{allow, fault, merged},
    secrets::{address, describe},
};
use crate::{App, IfMatch};

impl App {
    /// All servers by name, each with its tools.
    pub async fn list_tool_servers(&self) -> Result<Vec<ToolServerDetail>> {
        let mut all = Vec::new();
        for server in self.store.tool_servers().list().await? {
            let tools = self.store.tool_servers().tools(server.id).await?;
            all.push(ToolServerDetail { server, tools });
        }
        Ok(all)
    }

    /// One server with its tools.
    pub async fn get_tool_server(&self, id: ToolServerId) -> Result<ToolServerDetail> {
        let server = self.store.tool_servers().get(id).await?;
        let tools = self.store.tool_servers().tools(id).await?;
        Ok(ToolServerDetail { server, tools })
    }

    /// Adds a server, once it has said what it can do.
    ///
    /// # Errors
    /// Invalid when the address may not be called, when the server does not answer as it should, or when a tool
    /// cannot be allowed; a conflict when the name is taken or there are too many servers.
    pub async fn create_tool_server(
        &self,
        ctx: &Ctx,
        new: NewToolServer,
        remember: Option<Remember<'_, ToolServerDetail>>,
    ) -> Result<Outcome<ToolServerDetail>> {
        self.check_tool_url(&new.url)?;
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        // Once more in the transaction; here, so that nobody is called in vain.
        room(&self.store.tool_servers().list().await?, &new.name)?;
        let mut server = new_server(ToolServerId(self.new_id()), &new, ctx);
        let found = self.tools.list(&address(&server, new.secrets.clone())).await;
        let found = found.map_err(|e| {
            self.tools.forget(server.id);
            fault(&e)
        })?;
        let mut faults = Faults::new();
        let tools = allow(merged(&[], found.tools), &new.allow, &mut faults);
        let tools = faults.finish(Some(tools))?;
        server.note = found.note;
        let sealed = self.seal_server_secrets(server.id, &new.secrets)?;
        let id = server.id;
        let made = self
            .create_once(remember, ctx.now, async |tx| {
                let servers = tx.tool_servers();
                room(&servers.list().await?, &server.name)?;
                servers.insert(&server, sealed).await.map_err(taken)?;
                servers.set_tools(server.id, &tools).await?;
                Ok(ToolServerDetail { server, tools })
            })
            .await?;
        self.tools_seen.note(id);
        tracing::info!(server = %id, by = %ctx.caller.user_id, "a tool server was added");
        Ok(made)
    }

    /// Changes a server. One whose address or secrets change has to answer first, and what it says is compared
    /// with what was allowed.
    ///
    /// # Errors
    /// As [`App::create_tool_server`]; invalid as well when an address changes and a secret is not given anew:
    /// nobody learns a secret by naming an address of their own.
    pub async fn update_tool_server(
        &self,
        ctx: &Ctx,
        id: ToolServerId,
        patch: ToolServerPatch,
        if_match: &IfMatch,
    ) -> Result<ToolServerDetail> {
        let (seen, secrets) = self.server_with_secrets(id).await?;
        if_match.check(seen.version)?;
        let moves = patch.url.as_ref().is_some_and(|url| *url != seen.url);
        if let Some(url) = patch.url.as_ref().filter(|_| moves) {
            self.check_tool_url(url)?;
            keeps_no_secret(&seen, &patch)?;
        }
        let mut server = patched(seen.clone(), &patch);
        let new_secrets = patched_secrets(&secrets, &patch);
        describe(&mut server, new_secrets.as_ref().unwrap_or(&secrets));
        let found = if moves || new_secrets.is_some() {
            let shown = new_secrets.clone().unwrap_or(secrets);
            self.tools.forget(id);
            let found = self.tools.list(&address(&server, shown)).await.map_err(|e| fault(&e))?;
            server.checked_at = Some(ctx.now);
            server.last_error = None;
            server.note = found.note;
            Some(found.tools)
        } else {
            None
        };
        let detail =
            self.write_change(ctx, &seen, server, found, new_secrets.as_ref(), patch.allow).await?;
        self.tools.forget(id);
        self.tools_seen.forget(id);
        Ok(detail)
    }

    /// Writes a change, if nobody has changed the server since it was seen.
    async fn write_change(
        &self,
        ctx: &Ctx,
        seen: &ToolServer,
        mut server: ToolServer,
        found: Option<Vec<(ToolName, ToolDefinition)>>,
        secrets: Option<&ServerSecrets>,
        wanted: Option<Vec<Allow>>,
    ) -> Result<ToolServerDetail> {
        let id = seen.id;
        let tx = self.store.begin().await?;
        let servers = tx.tool_servers();
        if servers.get_for_update(id).await?.version != seen.version {
            return Err(Error::conflict("It was changed at the same time; try again."));
        }
        let before = servers.tools(id).await?;
        let mut tools = match found {
            Some(found) => merged(&before, found),
            None => before.clone(),
        };
        if let Some(wanted) = wanted {
            let mut faults = Faults::new();
            let decided = allow(tools, &wanted, &mut faults);
            tools = faults.finish(Some(decided))?;
        }
        if server == *seen && tools == before && secrets.is_none() {
            return Ok(ToolServerDetail { server, tools });
        }
        server.version += 1;
        server.updated_at = ctx.now;
        servers.update(&server).await.map_err(taken)?;
        servers.set_tools(id, &tools).await?;
        if let Some(secrets) = secrets {
            servers.set_secrets(id, self.seal_server_secrets(id, secrets)?).await?;
        }
        tx.commit().await?;
        tracing::info!(server = %id, by = %ctx.caller.user_id, "a tool server was changed");
        Ok(ToolServerDetail { server, tools })
    }

    /// Removes a server and forgets what was allowed.
    pub async fn delete_tool_server(
        &self,
        ctx: &Ctx,
        id: ToolServerId,
        if_match: &IfMatch,
    ) -> Result<()> {
        let tx = self.store.begin().await?;
        if_match.check(tx.tool_servers().get_for_update(id).await?.version)?;
        tx.tool_servers().delete(id).await?;
        tx.commit().await?;
        self.tools.forget(id);
        self.tools_seen.forget(id);
        tracing::info!(server = %id, by = %ctx.caller.user_id, "a tool server was removed");
        Ok(())
    }

    fn check_tool_url(&self, url: &EndpointUrl) -> Result<()> {
        let mut faults = Faults::new();
        let checked = faults.take("/url", self.outgoing.check(url.as_str()));
        faults.finish(checked)
    }
}

/// What a server is shown after the change; `None` where nothing of that changes.
fn patched_secrets(before: &ServerSecrets, patch: &ToolServerPatch) -> Option<ServerSecrets> {
    let mut secrets = before.clone();
    if let Some(token) = patch.token.clone().into_change() {
        secrets.token = token;
    }
    if let Some(headers) = &patch.headers {
        secrets.headers.clone_from(headers);
    }
    (patch.token.is_change() || patch.headers.is_some()).then_some(secrets)
}

fn new_server(id: ToolServerId, new: &NewToolServer, ctx: &Ctx) -> ToolServer {
    let mut server = ToolServer {
        id,
        name: new.name.clone(),
        url: new.url.clone(),
        has_token: false,
        header_names: Vec::new(),
        enabled: new.enabled,
        connect_timeout: new.connect_timeout,
        call_timeout: new.call_timeout,
        checked_at: Some(ctx.now),
        last_error: None,
        note: None,
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    describe(&mut server, &new.secrets);
    server
}

fn patched(mut server: ToolServer, patch: &ToolServerPatch) -> ToolServer {
    server.name = patch.name.clone().unwrap_or(server.name);
    server.url = patch.url.clone().unwrap_or(server.url);
    server.enabled = patch.enabled.unwrap_or(server.enabled);
    server.connect_timeout = patch.connect_timeout.unwrap_or(server.connect_timeout);
    server.call_timeout = patch.call_timeout.unwrap_or(server.call_timeout);
    server
}

/// Whether another one may be added under that name.
fn room(servers: &[ToolServer], name: &ServerName) -> Result<()> {
    if servers.len() >= MOST_SERVERS {
        let detail = format!("There are {MOST_SERVERS} tool servers already; delete one first.");
        return Err(Error::conflict(detail));
    }
    if servers.iter().any(|server| server.name == *name) {
        return Err(Error::conflict("There is a tool server of this name already."));
    }
    Ok(())
}

fn taken(e: atc_store::StoreError) -> Error {
    match e {
        atc_store::StoreError::Taken(_) => {
            Error::conflict("There is a tool server of this name already.").with_source(e)
        }
        e => e.into(),
    }
}

/// A new address is not shown what was for the one before.
fn keeps_no_secret(server: &ToolServer, patch: &ToolServerPatch) -> Result<()> {
    let why = "The address changes: give this anew, or null, as it was meant for the one before.";
    let mut faults = Faults::new();
    if server.has_token && patch.token == Patch::Keep {
        faults.body("/bearer_token", why);
    }
    if !server.header_names.is_empty() && patch.headers.is_none() {
        faults.body("/headers", why);
    }
    faults.finish(Some(()))
}
