//! Putting the parts together.

mod clock;
mod embedded;
mod engine;
pub mod first_admin;
mod handles;
mod secrets;

pub use embedded::{api_config, app, connect, listen, open};
pub use engine::Engine;
pub use first_admin::{FirstAdmin, first_admin};
pub use handles::take_all as take_all_handles;

use std::sync::Arc;

use anyhow::Result;
use atc_core::user::Password;
use atc_net::Collector;
use atc_platform::{
    SystemEntropy,
    telemetry::{self, Traces, TracesConfig},
};
use tokio::runtime::Handle;

use crate::config::{self, Settings};

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes logs from now on, and sends the traces of a server where that is wanted, with calls that run on
/// this runtime. A command that answers a person says no more than it must, unless the person asked for
/// more.
pub fn start_logging(
    settings: &Settings,
    serves: bool,
    runtime: &Handle,
) -> Result<Option<Traces>> {
    let level = match settings.logs.level.as_str() {
        "info" if !serves => "warn",
        level => level,
    };
    let traces = settings.traces.as_ref().filter(|_| serves);
    let traces = traces.map(|to| traces_config(to, runtime)).transpose()?;
    Ok(telemetry::start_logging(level, settings.logs.format, traces)?)
}

fn traces_config(to: &config::Traces, runtime: &Handle) -> Result<TracesConfig> {
    Ok(TracesConfig {
        endpoint: to.endpoint.clone(),
        headers: to.headers.clone(),
        service_name: to.service_name.clone(),
        version: VERSION,
        share: to.share,
        client: Arc::new(Collector::new(runtime.clone())?),
    })
}

/// A password that nobody can guess.
pub fn new_password() -> Result<Password> {
    Ok(Password::parse(secrets::readable(&SystemEntropy))?)
}
