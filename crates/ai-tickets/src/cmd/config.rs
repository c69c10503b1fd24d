//! `config check`.

use std::process::ExitCode;

use anyhow::Result;
use atc_core::ports::AiSource;

use crate::{
    cli::Config,
    config::{Settings, Source, shown},
    out,
};

/// Shows what is in force; changes nothing.
///
/// # Errors
/// Every fault of the configuration at once.
pub fn run(command: &Config) -> Result<ExitCode> {
    let Config::Check = command;
    let source = Source::load()?;
    let settings = Settings::read(&source)?;
    settings.ai.load()?;
    let rows: Vec<_> = source
        .values()
        .map(|(key, value, origin)| {
            [key.to_owned(), shown(key, value, origin), origin.as_str().to_owned()]
        })
        .collect();
    out::text(&out::table(["KEY", "VALUE", "FROM"], &rows));
    Ok(ExitCode::SUCCESS)
}
