//! `models`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{cli::Models, config::Settings};

/// Fetches, verifies or shows the local models.
pub fn run(_settings: &Settings, _command: &Models) -> Result<ExitCode> {
    bail!("the local models are not built in yet")
}
