//! What whoever starts the server needs to know.

use std::fmt::Write;

use super::doors::Addresses;
use crate::{
    config::Settings,
    wire::{
        FirstAdmin,
        first_admin::{EMAIL, PASSWORD_FILE},
    },
};

/// Where it listens, where its documents are, and how to log in. The line `Listening on …` holds the
/// real port, for those who start it with `PORT=0`.
pub fn text(
    addresses: &Addresses,
    settings: &Settings,
    first_admin: Option<&FirstAdmin>,
) -> String {
    let mut text = format!("AI Ticket Creator {}\n", env!("CARGO_PKG_VERSION"));
    // Writing to a String cannot fail.
    let _ = match addresses.api {
        Some(address) => {
            writeln!(text, "Listening on http://{address}\n  API documents  http://{address}/docs")
        }
        None if addresses.dashboard.is_some() || addresses.mcp.is_some() => {
            writeln!(text, "Serving without the API")
        }
        None => writeln!(text, "Working in the background, without the API"),
    };
    if let Some(address) = addresses.mcp {
        let _ = writeln!(text, "  MCP server     http://{address}/mcp");
    }
    if let Some(address) = addresses.dashboard {
        let _ = writeln!(text, "  Job dashboard  http://{address}");
    }
    if let Some(address) = addresses.metrics {
        let _ = writeln!(text, "  Metrics        http://{address}/metrics");
    }
    let _ = writeln!(text, "  Data           {}", settings.data_dir.display());
    let kept = settings.data_dir.join(PASSWORD_FILE);
    let _ = match first_admin {
        None if kept.exists() => {
            writeln!(
                text,
                "  Log in         {EMAIL}, with the first password in {}",
                kept.display()
            )
        }
        None => Ok(()),
        Some(FirstAdmin { email, made: None }) => {
            writeln!(text, "  Log in         {email}, with ADMIN_PASSWORD")
        }
        Some(FirstAdmin { email, made: Some((password, file)) }) => writeln!(
            text,
            "  Log in         {email}, with the password {}\n                 \
             (shown this once, kept in {})",
            password.expose(),
            file.display()
        ),
    };
    text
}
