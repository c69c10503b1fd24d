//! The commands, one file each.

mod audit;
mod config;
mod copy;
mod export;
mod health;
mod import;
mod keys;
mod mcp;
mod migrate;
mod models;
mod openapi;
mod serve;
mod ticket;
mod user;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{
    cli::{Command, Keys},
    config::{Settings, Source},
    wire,
};

/// Does what was asked.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Openapi => return Ok(openapi::run()),
        Command::Config(command) => return config::run(&command),
        // Before anything starts: its walls hold what begins after them.
        Command::ReadFile { request } => return Ok(atc_media::read_in_child(&request)),
        _ => {}
    }
    let settings = Settings::read(&Source::load()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that everything runs on")?;
    let serves = matches!(command, Command::Serve(_));
    let traces = wire::start_logging(&settings, serves, runtime.handle())?;
    let code = runtime.block_on(async {
        match command {
            Command::Serve(args) => Box::pin(serve::run(&settings, &args, traces)).await,
            Command::Migrate(command) => migrate::run(&settings, &command).await,
            Command::User(command) => user::run(&settings, command).await,
            Command::Import(args) => import::run(&settings, &args).await,
            Command::Export(args) => export::run(&settings, &args).await,
            Command::Copy(args) => copy::run(&settings, &args).await,
            Command::Health { url } => health::run(&settings, url),
            Command::Audit(command) => audit::run(&settings, command).await,
            Command::Keys(Keys::Rotate) => keys::rotate(&settings).await,
            Command::Models(command) => models::run(&settings, &command),
            Command::Mcp(_) => mcp::run(&settings).await,
            Command::Ticket(command) => ticket::run(&settings, command).await,
            Command::Openapi | Command::Config(_) | Command::ReadFile { .. } => {
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    // Whatever still runs, such as a training, has nothing left to say.
    runtime.shutdown_background();
    code
}
