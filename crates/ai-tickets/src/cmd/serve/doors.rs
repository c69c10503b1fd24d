//! The ports of this process, and what is behind each.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use atc_api::{ApiState, Router, ServeError, Server};
use clap::ValueEnum;

use super::Roles;
use crate::{
    cli::ServeRole,
    config::{Settings, SidePort},
    wire,
};

/// What listens already, before anything is behind it.
pub struct Ports {
    api: Option<Server>,
    mcp: Option<Server>,
    dashboard: Option<Server>,
    metrics: Option<Server>,
}

/// Where this process listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The API.
    pub api: Option<SocketAddr>,
    /// The MCP server.
    pub mcp: Option<SocketAddr>,
    /// The job dashboard.
    pub dashboard: Option<SocketAddr>,
    /// Metrics for those who watch.
    pub metrics: Option<SocketAddr>,
}

/// Listens on the ports of these roles.
pub async fn bind(settings: &Settings, roles: &Roles) -> Result<Ports> {
    let server = &settings.server;
    let api = if roles.has(ServeRole::Api) {
        Some(listen(settings, server.port, "PORT").await?)
    } else {
        None
    };
    let mcp = beside(settings, roles, ServeRole::Mcp, settings.mcp.port, "MCP_PORT");
    let dashboard =
        beside(settings, roles, ServeRole::Dashboard, server.dashboard, "DASHBOARD_PORT");
    let (mcp, dashboard) = (mcp.await?, dashboard.await?);
    let metrics = match server.metrics {
        Some(port) => Some(listen(settings, port.port, "METRICS_PORT").await?),
        None => None,
    };
    Ok(Ports { api, mcp, dashboard, metrics })
}

/// Listens on the port of something that is served beside the API. A port that nobody chose may belong to
/// another program: that does not keep the rest from serving.
async fn beside(
    settings: &Settings,
    roles: &Roles,
    role: ServeRole,
    port: Option<SidePort>,
    key: &str,
) -> Result<Option<Server>> {
    if !roles.has(role) {
        return Ok(None);
    }
    let alone = roles.has_only(role);
    let name = role.to_possible_value().map(|value| value.get_name().to_owned());
    let name = name.unwrap_or_default();
    let Some(port) = port else {
        if alone {
            bail!("the role {name} has nothing to serve: {key} is off");
        }
        return Ok(None);
    };
    match listen(settings, port.port, key).await {
        Ok(server) => Ok(Some(server)),
        Err(e) if port.chosen || alone => Err(e),
        Err(e) => {
            tracing::warn!("the role {name} is not served: {e}");
            Ok(None)
        }
    }
}

async fn listen(settings: &Settings, port: u16, key: &str) -> Result<Server> {
    Server::bind(wire::listen(settings, port)).await.map_err(|e| {
        let ServeError::Bind { address, source } = &e;
        match source.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "{address} is in use by another program: end it, or set {key} to another port"
            ),
            std::io::ErrorKind::AddrNotAvailable => {
                anyhow::anyhow!("{} is no address of this machine: set HOST", address.ip())
            }
            std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
                "this account may not listen on port {}: set {key} to 1024 or more",
                address.port()
            ),
            _ => e.into(),
        }
    })
}

impl Ports {
    /// Where they are.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            api: self.api.as_ref().map(Server::local_addr),
            mcp: self.mcp.as_ref().map(Server::local_addr),
            dashboard: self.dashboard.as_ref().map(Server::local_addr),
            metrics: self.metrics.as_ref().map(Server::local_addr),
        }
    }

    /// Puts behind each what it serves.
    pub fn open(self, state: &ApiState) -> Vec<(Server, Router)> {
        let api = self.api.map(|server| (server, atc_api::router(state.clone())));
        let mcp = self.mcp.map(|server| (server, atc_api::mcp(state.clone())));
        let dashboard = self.dashboard.map(|server| (server, atc_api::dashboard(state.clone())));
        let metrics = self.metrics.map(|server| (server, atc_api::metrics_door(state.clone())));
        api.into_iter().chain(mcp).chain(dashboard).chain(metrics).collect()
    }
}
