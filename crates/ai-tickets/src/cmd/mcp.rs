//! `mcp --stdio`.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, Result};
use atc_api::ApiState;
use secrecy::ExposeSecret;

use crate::{config::Settings, wire};

/// Speaks with one agent until its input ends. Files that it brings are read here, so that no server
/// has to run beside it.
pub async fn run(settings: &Settings) -> Result<ExitCode> {
    let token = settings.mcp.token.as_ref().context(
        "MCP_TOKEN is missing: make an API token (POST /api/v1/tokens) and set MCP_TOKEN to it",
    )?;
    let app = wire::app(settings, wire::Engine::Local).await?;
    app.start_background();
    let config = Arc::new(wire::api_config(settings));
    let state = ApiState { app: Arc::clone(&app), config, metrics: None };
    let spoken = atc_api::mcp_stdio(state, token.expose_secret()).await;
    app.shutdown_token().cancel();
    let ended = tokio::time::timeout(settings.server.shutdown_grace, app.shut_down()).await;
    if ended.is_err() {
        tracing::warn!("some work was cut off: it took longer than SHUTDOWN_GRACE_S");
    }
    spoken.context("cannot speak with the agent")?;
    Ok(ExitCode::SUCCESS)
}
