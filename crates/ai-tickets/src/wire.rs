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

use anyhow::Result;
use atc_core::user::Password;
use atc_platform::{SystemEntropy, telemetry};

use crate::config::Settings;

/// Writes logs from now on. A command that answers a person says no more than it must, unless the
/// person asked for more.
pub fn start_logging(settings: &Settings, serves: bool) -> Result<()> {
    let level = match settings.logs.level.as_str() {
        "info" if !serves => "warn",
        level => level,
    };
    Ok(telemetry::start_logging(level, settings.logs.format)?)
}

/// A password that nobody can guess.
pub fn new_password() -> Result<Password> {
    Ok(Password::parse(secrets::readable(&SystemEntropy))?)
}
