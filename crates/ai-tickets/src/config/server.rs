//! The keys of the HTTP server.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use http::HeaderValue;
use ipnet::IpNet;
use url::Url;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// What the installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Secrets and a first administrator are made where they are missing.
    Development,
    /// Secrets must be given.
    Production,
}

/// Where something is that is served beside the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SidePort {
    /// The port; 0 is any free one.
    pub port: u16,
    /// Whether somebody chose it: then the server does not start without it.
    pub chosen: bool,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Server {
    /// What the installation is for.
    pub environment: Environment,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 is any free one.
    pub port: u16,
    /// The job dashboard; `None` where it is switched off.
    pub dashboard: Option<SidePort>,
    /// Metrics without a credential; `None` where they are only told by the API.
    pub metrics: Option<SidePort>,
    /// Origins that browsers may call from.
    pub cors_allowed_origins: Vec<HeaderValue>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The most connections at the same time.
    pub max_connections: usize,
    /// The most live connections of one person.
    pub max_sockets_per_user: usize,
    /// The most bytes of all headers together.
    pub max_header_bytes: usize,
    /// The most bytes of a JSON body.
    pub max_body_bytes: usize,
    /// The most bytes of the body of a batch call.
    pub max_batch_body_bytes: usize,
    /// How long headers may take to arrive.
    pub header_timeout: Duration,
    /// For how long a body may bring, or take, too little.
    pub body_timeout: Duration,
    /// How long a request may take to be answered.
    pub request_timeout: Duration,
    /// How long to go on serving, not ready any more, before the end.
    pub shutdown_delay: Duration,
    /// How long running work may take to finish.
    pub shutdown_grace: Duration,
}

impl Server {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let environments =
            [("development", Environment::Development), ("production", Environment::Production)];
        let environment = r.required("ENVIRONMENT", "production", parse::word(environments));
        let host = r.required("HOST", "127.0.0.1", host);
        let port = r.required("PORT", "8000", parse::number(0..=u16::MAX));
        let dashboard = side_port(r, "DASHBOARD_PORT", "5555");
        let metrics = side_port(r, "METRICS_PORT", "9464");
        let origins = r.optional(
            "CORS_ALLOWED_ORIGINS",
            "https://desk.example.com,chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            parse::list(origin),
        );
        let proxies = r.optional("TRUSTED_PROXIES", "10.0.0.0/8", parse::list(network));
        let connections = r.required("MAX_CONNECTIONS", "10000", parse::number(1..=1_000_000));
        let sockets = r.required("MAX_SOCKETS_PER_USER", "20", parse::number(1..=1_000_000));
        let headers = r.required("MAX_HEADER_BYTES", "32768", parse::number(1024..=262_144));
        let body = r.required("MAX_BODY_BYTES", "1048576", parse::number(1024..=1 << 30));
        let batch = r.required("MAX_BATCH_BODY_BYTES", "16777216", parse::number(1024..=1 << 30));
        let header_timeout = r.required("HEADER_TIMEOUT_S", "10", parse::seconds(1..=3600));
        let body_timeout = r.required("BODY_TIMEOUT_S", "10", parse::seconds(1..=3600));
        let request_timeout = r.required("REQUEST_TIMEOUT_S", "60", parse::seconds(1..=3600));
        let shutdown_grace = r.required("SHUTDOWN_GRACE_S", "25", parse::seconds(0..=3600));
        let shutdown_delay = r.required("SHUTDOWN_DELAY_S", "10", parse::seconds(0..=3600));
        Ok(Self {
            environment: environment?,
            host: host?,
            port: port?,
            dashboard: dashboard?,
            metrics: metrics?,
            cors_allowed_origins: origins?.unwrap_or_default(),
            trusted_proxies: proxies?.unwrap_or_default(),
            max_connections: connections?,
            max_sockets_per_user: sockets?,
            max_header_bytes: headers?,
            max_body_bytes: body?,
            max_batch_body_bytes: batch?,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
            request_timeout: request_timeout?,
            shutdown_delay: shutdown_delay?,
            shutdown_grace: shutdown_grace?,
        })
    }
}

/// The port of something beside the API, and whether somebody chose it.
pub(super) fn side_port(
    r: &mut Reader<'_>,
    key: &'static str,
    example: &'static str,
) -> Result<Option<SidePort>, Noted> {
    let port = r.required(key, example, port_or_off);
    let chosen = r.is_chosen(key);
    Ok(port?.map(|port| SidePort { port, chosen }))
}

/// A port, or `off`.
fn port_or_off(text: &str) -> Result<Option<u16>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let port = parse::number(0..=u16::MAX)(text);
    port.map(Some).map_err(|fault| format!("{fault}, and not off"))
}

fn host(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| "is not an IP address".to_owned())
}

/// An origin exactly as browsers send it, because it is compared with what they send.
fn origin(text: &str) -> Result<HeaderValue, String> {
    if text.contains('*') {
        return Err(format!("names {text}, but each origin must be named in full"));
    }
    let wrong = || format!("names {text}, which is no origin");
    let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
    let legal = match scheme {
        "http" | "https" => {
            let as_sent = Url::parse(text).map_err(|_| wrong())?.origin().ascii_serialization();
            if as_sent != text {
                return Err(format!("names {text}, which browsers send as {as_sent}"));
            }
            true
        }
        "chrome-extension" | "moz-extension" | "safari-web-extension" => {
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        }
        _ => false,
    };
    let value = HeaderValue::from_str(text).map_err(|_| wrong())?;
    if legal { Ok(value) } else { Err(wrong()) }
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| single()).map_err(|_| format!("names {text}, which is no network"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_those_that_browsers_send() {
        for good in ["https://a.example", "http://localhost:5173", "chrome-extension://abc"] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "a.example",
            "https://a.example/",
            "https://A.example",
            "https://a.example:443",
            "https://a.example/path",
            "ftp://a.example",
            "chrome-extension://",
            "https://*.example.com",
            "https://user@a.example",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_stands_beside_has_a_port_or_is_off() {
        assert_eq!(port_or_off("5555"), Ok(Some(5555)));
        assert_eq!(port_or_off("Off"), Ok(None));
        for bad in ["", "no", "-1", "70000"] {
            assert!(port_or_off(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_and_networks() {
        assert_eq!(host("localhost"), Ok(IpAddr::from([127, 0, 0, 1])));
        assert!(host("[::1]").is_ok_and(|a| a.is_ipv6()));
        assert!(host("example.com").is_err());
        assert!(network("10.0.0.0/8").is_ok());
        assert_eq!(network("10.1.2.3").map(|n| n.prefix_len()), Ok(32));
        assert!(network("10.0.0.0/33").is_err());
    }
}
