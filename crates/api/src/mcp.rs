//! The MCP door: tools, resources and prompts for agents, over streamable HTTP and stdio.
//!
//! Every tool calls the REST API of the same process, with the caller's own credential: what a person
//! may not do there, an agent cannot do for them here, and both check, count and refuse alike. What a
//! tool takes and gives is cut out of the OpenAPI document, so that it is described once.

mod answer;
mod arguments;
mod auth;
mod evidence;
mod listen;
mod prompts;
mod resources;
mod rest;
mod schema;
mod server;
mod tool;
mod tools;

use std::sync::Arc;

use axum::{Router, middleware, routing};
use http::StatusCode;
use rmcp::{
    ServerHandler, ServiceExt,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use self::auth::Identity;
pub use self::server::McpServer;
use crate::{ApiState, health, layer, oauth, openapi, router::panicked};

/// The names of the tools of the MCP server.
pub fn mcp_tools() -> impl Iterator<Item = &'static str> {
    tools::TOOLS.iter().map(|(tool, _)| tool.name)
}

/// Everything that the MCP port answers: `/mcp`, how programs get in there (`oauth`), and `/health` as the API
/// has it.
///
/// No session is kept between two requests, so that any process can answer the next one.
pub fn mcp(state: ApiState) -> Router {
    mcp_with(state, |server| server)
}

/// The same, with what is said behind the door put around what we say: whoever comes in has shown the same
/// credential, from the same pages and hosts, by the same transport. What `wrap` adds asks nobody for a scope.
pub fn mcp_with<H: ServerHandler + Clone>(
    state: ApiState,
    wrap: impl FnOnce(McpServer) -> H,
) -> Router {
    let config = state.config.clone();
    let server = McpServer::new(state.clone());
    let transport = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(config.max_batch_body_bytes)
        .with_cancellation_token(state.app.shutdown_token().clone());
    let transport = match &config.mcp_allowed_hosts {
        Some(hosts) => transport.with_allowed_hosts(hosts.iter().cloned()),
        None => transport.disable_allowed_hosts(),
    };
    let needs = Arc::new(server.needs());
    let server = wrap(server);
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        transport,
    );
    let door = Router::new()
        .route("/mcp", routing::any_service(service))
        .route_layer(middleware::from_fn(auth::leave_protocol_errors))
        .route_layer(middleware::from_fn_with_state(needs, auth::require_scope))
        .route_layer(middleware::from_fn(auth::require))
        .route_layer(middleware::from_fn_with_state(state.clone(), layer::authenticate))
        .route_layer(middleware::from_fn_with_state(state.clone(), auth::note_site))
        .route_layer(middleware::from_fn_with_state(state.clone(), auth::check_origin));
    let health =
        vec![health::report::endpoint(), health::live::endpoint(), health::ready::endpoint()];
    Router::new()
        .merge(Router::from(openapi::described(health)).layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            config.request_timeout,
        )))
        .merge(door)
        .merge(oauth::routes(&state))
        .layer(middleware::from_fn_with_state(state.clone(), layer::pace))
        .layer(middleware::from_fn_with_state(state.clone(), layer::check_headers))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), layer::request))
        .with_state(state)
}

/// Why a conversation over stdio could not be held.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    /// The token is not one, or is not any more.
    #[error("{0}")]
    Refused(#[from] atc_core::Error),
    /// What came in was no beginning of a conversation.
    #[error("the client did not begin as MCP begins: {0}")]
    Beginning(#[from] Box<rmcp::service::ServerInitializeError>),
}

/// Speaks MCP over standard input and output, with the rights of this token, until the input ends.
///
/// # Errors
/// When the token does not serve, or when the client says no hello that MCP knows.
pub async fn mcp_stdio(state: ApiState, token: &str) -> Result<(), StdioError> {
    let identity = Identity::of_token(&state, token).await?;
    let stop = state.app.shutdown_token().clone();
    let server = McpServer::new(state).speaking_for(identity);
    let served = server.serve_with_ct(rmcp::transport::stdio(), stop).await;
    let running = served.map_err(Box::new)?;
    if let Err(e) = running.waiting().await {
        tracing::error!(error = %e, "the conversation over stdio ended by a fault");
    }
    Ok(())
}
