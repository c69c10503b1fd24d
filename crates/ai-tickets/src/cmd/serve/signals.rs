//! Being told to end, or to read providers and agents again.

use anyhow::{Context, Result};
use atc_app::App;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, SIGINT and SIGHUP.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on; without this, either signal ends the process at once.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Waits to be told to end. At SIGHUP, providers and agents are read again; what cannot be used is
    /// logged, and those in force stay.
    pub async fn next_while_reloading(&mut self, app: &App) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => {}
            }
            match app.load_agents().await {
                Ok(()) => tracing::info!("providers and agents were read again"),
                Err(e) => tracing::error!(error = %e, "providers and agents stay as they were"),
            }
        }
    }

    /// Waits to be told to end.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
