//! What is said to each message: the fixtures', or else our own.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use atc_api::McpServer;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        GetPromptRequestParams, GetPromptResponse, InitializeRequestParams, InitializeResult,
        JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, LoggingLevel, LoggingMessageNotificationParam, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
        ServerConfig, SetLevelRequestMethod, SetLevelRequestParams, SubscriptionFilter, Tool,
    },
    service::{RequestContext, SubscriptionContext},
};
use tokio::sync::watch;

use crate::{prompts, questions::Sealed, resources, tools};

/// Our server with the fixtures around it. Each request has a clone of its own.
#[derive(Clone)]
pub struct Fixtures {
    door: McpServer,
    /// Whether there is the tool that comes and goes.
    pub tools: Changing,
    /// Whether there is the prompt that comes and goes.
    pub prompts: Changing,
    /// What clients carry from one round to the next.
    pub sealed: Arc<Sealed>,
    /// From which level on older clients are told what goes on; without sessions all have one.
    level: Arc<AtomicU8>,
}

/// A list that one thing comes into and goes out of.
pub struct Changing {
    now: watch::Sender<bool>,
    since: watch::Receiver<bool>,
}

impl Changing {
    fn new() -> Self {
        let (now, since) = watch::channel(false);
        Self { now, since }
    }

    /// Whether the thing is there.
    pub fn is_there(&self) -> bool {
        *self.now.borrow()
    }

    /// Lets it come, or go.
    pub fn change(&self) {
        self.now.send_modify(|there| *there = !*there);
    }
}

/// The clone hears what changes from now on, so that a subscription, which is acknowledged before it is
/// listened to, misses nothing.
impl Clone for Changing {
    fn clone(&self) -> Self {
        Self { now: self.now.clone(), since: self.now.subscribe() }
    }
}

impl Fixtures {
    /// Puts the fixtures around our server.
    pub fn around(door: McpServer) -> Self {
        Self {
            door,
            tools: Changing::new(),
            prompts: Changing::new(),
            sealed: Arc::new(Sealed::new()),
            level: Arc::new(AtomicU8::new(LoggingLevel::Info as u8)),
        }
    }

    /// Tells the client what goes on, where it wants to know that. Since 2026-07-28 each request says so.
    pub async fn log(&self, context: &RequestContext<RoleServer>, level: LoggingLevel, text: &str) {
        let least = if is_stateless(context) {
            context.meta.log_level().map(|level| level as u8)
        } else {
            Some(self.level.load(Ordering::Relaxed))
        };
        if least.is_some_and(|least| least <= level as u8) {
            let told = LoggingMessageNotificationParam::new(level, text.into());
            // Who has gone away needs to hear nothing.
            let _ = context.peer.notify_logging_message(told).await;
        }
    }
}

/// Whether the request says everything about itself, as those of 2026-07-28 do.
fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

fn with_more(mut capabilities: ServerCapabilities) -> ServerCapabilities {
    capabilities.completions = Some(JsonObject::new());
    capabilities.logging = Some(JsonObject::new());
    capabilities
}

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        let mut info = self.door.get_info();
        let mut capabilities = with_more(info.capabilities);
        capabilities.tools.get_or_insert_default().list_changed = Some(true);
        capabilities.prompts.get_or_insert_default().list_changed = Some(true);
        info.capabilities = capabilities;
        info
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.door.supported_protocol_versions()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all(self).into_iter().find(|tool| tool.name == name)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let mut info = self.door.initialize(request, context).await?;
        info.capabilities = with_more(info.capabilities);
        Ok(info)
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if is_stateless(&context) {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        self.level.store(request.level as u8, Ordering::Relaxed);
        Ok(())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        prompts::complete(&request)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list = self.door.list_tools(request, context).await?;
        list.tools.splice(0..0, tools::all(self));
        Ok(list)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match tools::call(self, &request, &context).await {
            Some(result) => result,
            None => self.door.call_tool(request, context).await,
        }
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let mut list = self.door.list_resources(request, context).await?;
        list.resources.splice(0..0, resources::all());
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut list = self.door.list_resource_templates(request, context).await?;
        list.resource_templates.push(resources::template());
        Ok(list)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        match resources::read(&request.uri) {
            Some(result) => Ok(result.into()),
            None => self.door.read_resource(request, context).await,
        }
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let mut list = self.door.list_prompts(request, context).await?;
        list.prompts.splice(0..0, prompts::all(self.prompts.is_there()));
        Ok(list)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        match prompts::get(&request, &context) {
            Some(result) => result,
            None => self.door.get_prompt(request, context).await,
        }
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        self.door.accepted_subscription_filter(requested)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let wanted = context.accepted().clone();
        let (to_tools, to_prompts) =
            (wanted.tools_list_changed == Some(true), wanted.prompts_list_changed == Some(true));
        if !to_tools && !to_prompts {
            return self.door.listen(context).await;
        }
        let (mut tools, mut prompts) = (self.tools.since.clone(), self.prompts.since.clone());
        loop {
            let told = tokio::select! {
                () = context.cancelled() => return Ok(()),
                Ok(()) = tools.changed(), if to_tools => {
                    context.sink().notify_tool_list_changed().await
                }
                Ok(()) = prompts.changed(), if to_prompts => {
                    context.sink().notify_prompt_list_changed().await
                }
            };
            if told.is_err() {
                // The client has gone.
                return Ok(());
            }
        }
    }
}
