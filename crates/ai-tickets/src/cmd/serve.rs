//! `serve`.

mod banner;
mod signals;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use atc_api::{ApiState, Server};
use atc_app::App;
use atc_platform::telemetry;

use self::signals::Signals;
use crate::{
    cli::{Serve, ServeRole},
    config::Settings,
    out, wire,
};

/// The exit code of a process that a second signal ended.
const INTERRUPTED: u8 = 130;

/// Serves until a signal ends it.
pub async fn run(settings: &Settings, args: &Serve) -> Result<ExitCode> {
    let roles = Roles::of(&args.roles)?;
    let mut signals = Signals::listen()?;
    let running = tokio::select! {
        running = Running::start(settings, roles) => running?,
        // Nothing was promised to anybody yet.
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    running.until_the_end(settings.server.shutdown_grace, &mut signals).await
}

/// Which parts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Roles {
    api: bool,
    worker: bool,
}

impl Roles {
    fn of(named: &[ServeRole]) -> Result<Self> {
        if let Some(later) =
            named.iter().find(|r| matches!(r, ServeRole::Mcp | ServeRole::Dashboard))
        {
            let name = if *later == ServeRole::Mcp { "mcp" } else { "dashboard" };
            bail!("the role {name} comes with a later version; the roles of this one: api, worker");
        }
        let has = |role| named.is_empty() || named.contains(&role);
        Ok(Self { api: has(ServeRole::Api), worker: has(ServeRole::Worker) })
    }
}

struct Running {
    app: Arc<App>,
    door: Option<(Server, ApiState)>,
}

impl Running {
    async fn start(settings: &Settings, roles: Roles) -> Result<Self> {
        // First of all: a process whose port is taken must not touch the database.
        let server = if roles.api { Some(bind(settings).await?) } else { None };
        let metrics = telemetry::start_metrics().context("cannot count")?;
        let app = wire::app(settings, wire::Engine::Local).await?;
        let first_admin = wire::first_admin(&app, settings).await?;
        if roles.worker {
            app.start_background();
        } else {
            app.start_following();
        }
        let address = server.as_ref().map(Server::local_addr);
        out::text(&banner::text(address, settings, first_admin.as_ref()));
        tracing::info!(address = address.map(tracing::field::display), "ready");
        let state = ApiState {
            app: Arc::clone(&app),
            config: Arc::new(wire::api_config(settings)),
            metrics: Some(metrics),
        };
        Ok(Self { app, door: server.map(|server| (server, state)) })
    }

    async fn until_the_end(self, grace: Duration, signals: &mut Signals) -> Result<ExitCode> {
        let Self { app, door } = self;
        let stop = app.shutdown_token().clone();
        let serving = async {
            match door {
                Some((server, state)) => {
                    server.run(atc_api::router(state), app.tasks(), stop.clone()).await;
                }
                None => stop.cancelled().await,
            }
        };
        tokio::pin!(serving);
        tokio::select! {
            () = &mut serving => bail!("the server stopped by itself"),
            () = signals.next() => {}
        }
        tracing::info!(grace_s = grace.as_secs(), "stopping");
        stop.cancel();
        let ending = async {
            serving.await;
            app.shut_down().await;
        };
        tokio::select! {
            ended = tokio::time::timeout(grace, ending) => {
                if ended.is_err() {
                    tracing::warn!("some work was cut off: it took longer than SHUTDOWN_GRACE_S");
                }
                Ok(ExitCode::SUCCESS)
            }
            () = signals.next() => Ok(ExitCode::from(INTERRUPTED)),
        }
    }
}

async fn bind(settings: &Settings) -> Result<Server> {
    Server::bind(wire::listen(settings)).await.map_err(|e| {
        let atc_api::ServeError::Bind { address, source } = &e;
        match source.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "{address} is in use by another program: end it, or set PORT to another port"
            ),
            std::io::ErrorKind::AddrNotAvailable => {
                anyhow::anyhow!("{} is no address of this machine: set HOST", address.ip())
            }
            std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
                "this account may not listen on port {}: set PORT to 1024 or more",
                address.port()
            ),
            _ => e.into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_roles_that_exist_run_unless_some_are_named() {
        assert_eq!(Roles::of(&[]).unwrap(), Roles { api: true, worker: true });
        assert_eq!(Roles::of(&[ServeRole::Api]).unwrap(), Roles { api: true, worker: false });
        let later = Roles::of(&[ServeRole::Api, ServeRole::Mcp]).unwrap_err();
        assert!(later.to_string().contains("later version"), "{later}");
    }
}
