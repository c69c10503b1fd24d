//! One session with a server: the greeting, a list of tools, a call.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use atc_core::{
    json::RawJson,
    ports::{ToolServerAddress, ToolServerError},
    tool_server::{MOST_TOOLS, ServerSecrets, ToolName},
};
use atc_net::Client;
use http::{HeaderName, HeaderValue};
use rmcp::{
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig,
        Implementation, PaginatedRequestParams, ProtocolVersion, Tool,
    },
    service::{
        ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RoleClient, RunningService,
        ServiceError,
    },
    transport::{
        StreamableHttpClientTransport, common::client_side_sse::NeverRetry,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};

use crate::door::{Door, Reading};

/// The most pages of a list.
const MOST_PAGES: usize = 16;
/// The most characters of what a server says about a call that it refuses.
const MOST_MESSAGE: usize = 500;

/// A session that has been greeted. It ends when it is dropped, and what is under way with it.
pub(crate) struct Session {
    service: RunningService<RoleClient, ClientConfig>,
    reading: Arc<Reading>,
}

impl Session {
    /// Greets a server: in the form of 2026-07-28, and where it does not know that, in the one before.
    pub async fn open(
        net: Arc<Client>,
        server: &ToolServerAddress,
        bytes: usize,
        legacy: &AtomicBool,
    ) -> Result<Self, ToolServerError> {
        let door = Door::new(net, bytes);
        let reading = door.reading();
        let transport = StreamableHttpClientTransport::with_client(door, config(server)?);
        let was_legacy = legacy.load(Ordering::Relaxed);
        let lifecycle = if was_legacy {
            ClientLifecycleMode::Initialize
        } else {
            ClientLifecycleMode::Auto {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
                legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
            }
        };
        let opened = ourselves().serve_with_lifecycle(transport, lifecycle).await;
        let service = opened.map_err(|e| {
            legacy.store(false, Ordering::Relaxed);
            reading.fault().unwrap_or_else(|| greeting_failed(e))
        })?;
        let version = service.peer_info().map(|info| info.protocol_version.clone());
        let legacy_now = version.is_some_and(|v| v < ProtocolVersion::NO_INITIALIZE);
        legacy.store(legacy_now, Ordering::Relaxed);
        Ok(Self { service, reading })
    }

    /// Its tools, and whether it has more than were read.
    pub async fn tools(&self) -> Result<(Vec<Tool>, bool), ToolServerError> {
        let (mut tools, mut cursor) = (Vec::new(), None);
        let mut seen = HashSet::new();
        for _ in 0..MOST_PAGES {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let page = self.service.list_tools(Some(params)).await.map_err(|e| self.failed(e))?;
            tools.extend(page.tools);
            let Some(next) = page.next_cursor else {
                return Ok((tools, false));
            };
            if tools.len() > MOST_TOOLS || !seen.insert(next.clone()) {
                break;
            }
            cursor = Some(next);
        }
        Ok((tools, true))
    }

    /// Calls a tool.
    pub async fn call(
        &self,
        tool: &ToolName,
        arguments: &RawJson,
    ) -> Result<CallToolResult, ToolServerError> {
        // Whoever calls has looked at them already.
        let arguments = serde_json::from_str(arguments.as_str())
            .map_err(|_| ToolServerError::NotAsked("The arguments are no JSON object."))?;
        let params = CallToolRequestParams::new(tool.as_str().to_owned()).with_arguments(arguments);
        match self.service.call_tool_once(params).await.map_err(|e| self.failed(e))? {
            CallToolResponse::Complete(result) => Ok(result),
            _ => Err(ToolServerError::AsksBack),
        }
    }

    fn failed(&self, e: ServiceError) -> ToolServerError {
        if let Some(fault) = self.reading.fault() {
            return fault;
        }
        match e {
            ServiceError::McpError(error) => refused(error.code.0, &error.message),
            ServiceError::TransportClosed | ServiceError::TransportSend(_) => {
                ToolServerError::Unreachable("The connection ended without an answer.".to_owned())
            }
            _ => ToolServerError::NotMcp("its answer is not what was asked for."),
        }
    }
}

/// How we call ourselves. We can do nothing for a server.
fn ourselves() -> ClientConfig {
    let name = Implementation::new("ai-tickets", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), name)
}

fn config(
    server: &ToolServerAddress,
) -> Result<StreamableHttpClientTransportConfig, ToolServerError> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(server.url.as_str());
    config.retry_config = Arc::new(NeverRetry::default());
    config.reinit_on_expired_session = false;
    config.custom_headers = custom_headers(&server.secrets)?;
    config.auth_header = server.secrets.token.as_ref().map(|token| token.expose().to_owned());
    Ok(config)
}

fn custom_headers(
    secrets: &ServerSecrets,
) -> Result<HashMap<HeaderName, HeaderValue>, ToolServerError> {
    let illegal = || ToolServerError::NotAsked("One of its headers cannot be sent.");
    let header = |header: &atc_core::tool_server::CustomHeader| {
        let name = HeaderName::from_bytes(header.name().as_bytes()).map_err(|_| illegal())?;
        let mut value = HeaderValue::from_str(header.expose()).map_err(|_| illegal())?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    secrets.headers.iter().map(header).collect()
}

fn greeting_failed(e: ClientInitializeError) -> ToolServerError {
    match e {
        ClientInitializeError::JsonRpcError(error) => refused(error.code.0, &error.message),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => greeting_failed(*fallback),
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => {
            ToolServerError::NotMcp("it knows no revision of the protocol that we know.")
        }
        ClientInitializeError::ConnectionClosed(_)
        | ClientInitializeError::TransportError { .. } => {
            ToolServerError::NotMcp("it ended the connection in the middle of the greeting.")
        }
        _ => ToolServerError::NotMcp("its answer to the greeting is none."),
    }
}

fn refused(code: i32, message: &str) -> ToolServerError {
    let message = crate::result::clean(message, MOST_MESSAGE);
    ToolServerError::Protocol { code, message }
}
