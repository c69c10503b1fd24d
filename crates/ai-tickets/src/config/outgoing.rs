//! The keys of calls to other systems.

use std::time::Duration;

use atc_net::Allowed;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// Calls to other systems.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What may be called besides the public internet.
    pub allowed: Vec<Allowed>,
    /// How long a call may take.
    pub timeout: Duration,
}

impl Outgoing {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let example = "10.1.0.0/16,hooks.internal";
        let allowed = r.optional("OUTGOING_ALLOW", example, parse::list(allowed));
        let timeout = r.required("OUTGOING_TIMEOUT_S", "15", parse::seconds(1..=60));
        Ok(Self { allowed: allowed?.unwrap_or_default(), timeout: timeout? })
    }
}

fn allowed(text: &str) -> Result<Allowed, String> {
    text.parse().map_err(|e| format!("{text} is {e}"))
}
