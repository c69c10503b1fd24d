//! `serve`.

mod banner;
mod doors;
mod signals;

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use atc_api::{ApiState, Router, Server};
use atc_app::App;
use atc_platform::telemetry::{self, Metrics, Traces};
use clap::ValueEnum;
use futures::future::join_all;

use self::signals::Signals;
use crate::{
    cli::{Serve, ServeRole},
    config::{self, Settings},
    out, wire,
};

/// The exit code of a process that a second signal ended.
const INTERRUPTED: u8 = 130;
/// How long the traces of the last requests may take to be sent, after everything else has ended.
const LAST_TRACES: Duration = Duration::from_secs(2);

/// Serves until a signal ends it.
pub async fn run(settings: &Settings, args: &Serve, traces: Option<Traces>) -> Result<ExitCode> {
    let roles = Roles::of(&args.roles);
    wire::take_all_handles(settings.server.max_connections);
    let mut signals = Signals::listen()?;
    let running = tokio::select! {
        running = Running::start(settings, roles, traces) => running?,
        // Nothing was promised to anybody yet.
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    running.until_the_end(&settings.server, &mut signals).await
}

/// Which parts run.
#[derive(Debug, Clone)]
struct Roles(Vec<ServeRole>);

impl Roles {
    /// All, unless some are named.
    fn of(named: &[ServeRole]) -> Self {
        Self(if named.is_empty() { ServeRole::value_variants() } else { named }.to_vec())
    }

    fn has(&self, role: ServeRole) -> bool {
        self.0.contains(&role)
    }

    fn has_only(&self, role: ServeRole) -> bool {
        self.0.iter().all(|other| *other == role)
    }

    /// The dashboard alone reads no text.
    fn engine(&self) -> wire::Engine {
        if self.has_only(ServeRole::Dashboard) { wire::Engine::None } else { wire::Engine::Local }
    }
}

struct Running {
    app: Arc<App>,
    doors: Vec<(Server, Router)>,
    traces: Option<Traces>,
}

impl Running {
    async fn start(settings: &Settings, roles: Roles, traces: Option<Traces>) -> Result<Self> {
        // First of all: a process whose port is taken must not touch the database.
        let ports = doors::bind(settings, &roles).await?;
        let metrics = telemetry::start_metrics(wire::VERSION).context("cannot count")?;
        let app = wire::app(settings, roles.engine()).await?;
        keep(&app, metrics.clone());
        let first_admin = wire::first_admin(&app, settings).await?;
        if roles.has(ServeRole::Worker) {
            app.start_background();
        } else if roles.has(ServeRole::Api) || roles.has(ServeRole::Mcp) {
            app.start_following();
        }
        let addresses = ports.addresses();
        out::text(&banner::text(&addresses, settings, first_admin.as_ref()));
        let shown = |address: Option<SocketAddr>| address.map(tracing::field::display);
        tracing::info!(
            address = shown(addresses.api),
            mcp = shown(addresses.mcp),
            dashboard = shown(addresses.dashboard),
            metrics = shown(addresses.metrics),
            "ready"
        );
        let state = ApiState {
            app: Arc::clone(&app),
            config: Arc::new(wire::api_config(settings)),
            metrics: Some(Arc::new(move || metrics.render())),
        };
        Ok(Self { app, doors: ports.open(&state), traces })
    }

    async fn until_the_end(
        self,
        server: &config::Server,
        signals: &mut Signals,
    ) -> Result<ExitCode> {
        let (delay, grace) = (server.shutdown_delay, server.shutdown_grace);
        let Self { app, doors, traces } = self;
        let stop = app.shutdown_token().clone();
        let serving = async {
            let doors = doors
                .into_iter()
                .map(|(server, router)| server.run(router, app.tasks(), stop.clone()));
            // A process without a door works in the background until it is told to end.
            tokio::join!(join_all(doors), stop.cancelled());
        };
        tokio::pin!(serving);
        tokio::select! {
            () = &mut serving => bail!("the server stopped by itself"),
            () = signals.next_while_reloading(&app) => {}
        }
        if !delay.is_zero() {
            tracing::info!(delay_s = delay.as_secs(), "ending soon; not ready any more");
            app.start_draining();
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = &mut serving => {}
                () = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
            }
        }
        tracing::info!(grace_s = grace.as_secs(), "stopping");
        stop.cancel();
        let ending = async {
            serving.await;
            app.shut_down().await;
        };
        let ended = async {
            if tokio::time::timeout(grace, ending).await.is_err() {
                tracing::warn!("some work was cut off: it took longer than SHUTDOWN_GRACE_S");
            }
            finish(traces).await;
        };
        tokio::select! {
            () = ended => Ok(ExitCode::SUCCESS),
            () = signals.next() => Ok(ExitCode::from(INTERRUPTED)),
        }
    }
}

/// Adds up what is observed until the application ends.
fn keep(app: &Arc<App>, metrics: Metrics) {
    let stop = app.shutdown_token().clone();
    app.tasks().spawn(async move {
        tokio::select! {
            () = metrics.keep() => {}
            () = stop.cancelled() => {}
        }
    });
}

/// Sends the traces that wait: those of the last requests.
async fn finish(traces: Option<Traces>) {
    if let Some(traces) = traces {
        // A panic in it would end nothing but the sending.
        let _ = tokio::task::spawn_blocking(move || traces.finish(LAST_TRACES)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_roles_run_unless_some_are_named() {
        let has = |named: &[ServeRole], role| Roles::of(named).has(role);
        for role in ServeRole::value_variants() {
            assert!(has(&[], *role), "{role:?}");
            assert!(has(&[*role], *role) && Roles::of(&[*role]).has_only(*role), "{role:?}");
        }
        assert!(!has(&[ServeRole::Mcp], ServeRole::Api));
        assert!(!Roles::of(&[ServeRole::Mcp, ServeRole::Worker]).has_only(ServeRole::Mcp));
    }
}
