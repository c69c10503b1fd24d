//! `openapi`.

use std::process::ExitCode;

use crate::out;

/// Prints the OpenAPI document.
pub fn run() -> ExitCode {
    out::text(&atc_api::document());
    ExitCode::SUCCESS
}
