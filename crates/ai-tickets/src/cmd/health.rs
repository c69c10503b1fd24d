//! `health`: asks a server of this machine how it fares, for those who watch containers.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{config::Settings, out};

/// How long the server may take: shorter than those who watch wait.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Asks the address, or whether the API that this configuration starts can serve. Exit code 0 for the
/// status 200, else 1.
pub fn run(settings: &Settings, url: Option<String>) -> Result<ExitCode> {
    let url = url.unwrap_or_else(|| {
        let address = SocketAddr::new(reachable(settings.server.host), settings.server.port);
        format!("http://{address}/health/ready")
    });
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .proxy(None)
        .http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let answer = agent.get(&url).call().with_context(|| format!("{url} does not answer"))?;
    if answer.status() != 200 {
        bail!("{url} answers {}", answer.status());
    }
    out::text("ok\n");
    Ok(ExitCode::SUCCESS)
}

/// Where this machine reaches itself, for a server that listens on all addresses.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_at_this_machine() {
        for (host, asked) in
            [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.7", "192.0.2.7"), ("::1", "::1")]
        {
            assert_eq!(reachable(host.parse().unwrap()).to_string(), asked);
        }
    }
}
