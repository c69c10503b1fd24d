//! `ai-tickets`: tickets from plain words, in one binary.
//!
//! Here the parts of the house are put together and started. What a ticket may be or become is
//! decided in `atc_core` and `atc_app`, never here.

mod cli;
mod cmd;
mod config;
mod out;
mod transfer;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use tikv_jemallocator::Jemalloc;

/// Gives what training and imports used back to the system within seconds; the usual allocator keeps
/// it for good.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    cmd::run(cli.command).unwrap_or_else(|e| {
        out::failure(&e);
        ExitCode::FAILURE
    })
}
