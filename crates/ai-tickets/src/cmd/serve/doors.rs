//! The ports of this process, and what is behind each.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use atc_api::{ApiState, Router, ServeError, Server};

use super::Roles;
use crate::{config::Settings, wire};

/// What listens already, before anything is behind it.
pub struct Ports {
    api: Option<Server>,
    dashboard: Option<Server>,
}

/// Where this process listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The API.
    pub api: Option<SocketAddr>,
    /// The job dashboard.
    pub dashboard: Option<SocketAddr>,
}

/// Listens on the ports of these roles.
pub async fn bind(settings: &Settings, roles: Roles) -> Result<Ports> {
    let api =
        if roles.api { Some(listen(settings, settings.server.port, "PORT").await?) } else { None };
    let dashboard = if roles.dashboard { dashboard(settings, roles).await? } else { None };
    Ok(Ports { api, dashboard })
}

/// The port that nobody chose may belong to another program: that does not keep the rest from serving.
async fn dashboard(settings: &Settings, roles: Roles) -> Result<Option<Server>> {
    let alone = !roles.api && !roles.worker;
    let Some(port) = settings.server.dashboard else {
        if alone {
            bail!("the role dashboard has nothing to serve: DASHBOARD_PORT is off");
        }
        return Ok(None);
    };
    match listen(settings, port.port, "DASHBOARD_PORT").await {
        Ok(server) => Ok(Some(server)),
        Err(e) if port.chosen || alone => Err(e),
        Err(e) => {
            tracing::warn!("there is no job dashboard: {e}");
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
            dashboard: self.dashboard.as_ref().map(Server::local_addr),
        }
    }

    /// Puts behind each what it serves.
    pub fn open(self, state: &ApiState) -> Vec<(Server, Router)> {
        let api = self.api.map(|server| (server, atc_api::router(state.clone())));
        let dashboard = self.dashboard.map(|server| (server, atc_api::dashboard(state.clone())));
        api.into_iter().chain(dashboard).collect()
    }
}
