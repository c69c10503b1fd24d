//! Under which address this port is known.

use atc_app::{OauthSite, USUAL_SCOPES, scope_text};
use atc_core::{Error, token::Scope};
use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderValue, header, request::Parts, uri::Authority};

use crate::{ApiState, Config, problem::Problem};

/// By which names a machine calls itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The address under which the MCP port is known: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    base: String,
}

impl Site {
    /// The configured address. Without one, the name by which a program on the same machine called, whatever
    /// port it was forwarded from; who called by another name is not believed: with its name, tokens would be
    /// made for whoever it belongs to.
    pub fn of(config: &Config, headers: &HeaderMap) -> Option<Self> {
        if let Some(base) = &config.mcp_public_url {
            return Some(Self { base: base.clone() });
        }
        let host: Authority = headers.get(header::HOST)?.to_str().ok()?.parse().ok()?;
        let name = host.host().to_ascii_lowercase();
        if !LOOPBACK.contains(&name.as_str()) || host.as_str().contains('@') {
            return None;
        }
        let port = host.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self { base: format!("http://{name}{port}") })
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Who gives tokens here.
    pub fn issuer(&self) -> String {
        self.base.clone()
    }

    /// What they are for.
    pub fn resource(&self) -> String {
        self.at("/mcp")
    }

    /// As the use cases know it.
    pub fn addresses(&self) -> OauthSite {
        OauthSite { issuer: self.issuer(), resource: self.resource() }
    }

    /// Whether browsers come by HTTPS.
    pub fn is_https(&self) -> bool {
        self.base.starts_with("https:")
    }

    /// Where to read how to get in (RFC 9728, 5.1), and with which scopes.
    pub fn challenge(&self, error: Option<&str>) -> Option<HeaderValue> {
        self.say(error, &scope_text(&USUAL_SCOPES))
    }

    /// The same for who got in and lacks this scope.
    pub fn challenge_for(&self, scope: Scope) -> Option<HeaderValue> {
        self.say(Some("insufficient_scope"), scope.as_str())
    }

    fn say(&self, error: Option<&str>, scopes: &str) -> Option<HeaderValue> {
        let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
        let about = self.at("/.well-known/oauth-protected-resource/mcp");
        let text = format!("Bearer {error}resource_metadata=\"{about}\", scope=\"{scopes}\"");
        HeaderValue::from_str(&text).ok()
    }
}

impl FromRequestParts<ApiState> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let unknown = || {
            let mut error = Error::not_found("address");
            error.detail =
                "Programs log in under the address of MCP_PUBLIC_URL, which is not set; \
                            without it, under localhost or 127.0.0.1 only."
                    .into();
            Problem::from(error)
        };
        Self::of(&state.config, &parts.headers).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called_by(host: &str) -> Option<String> {
        called(None, host)
    }

    fn called(url: Option<&str>, host: &str) -> Option<String> {
        let config = Config {
            cors_allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_body_bytes: 0,
            max_batch_body_bytes: 0,
            max_header_bytes: 0,
            body_timeout: std::time::Duration::ZERO,
            upload_timeout: std::time::Duration::ZERO,
            request_timeout: std::time::Duration::ZERO,
            max_sockets_per_user: 0,
            mcp_allowed_hosts: None,
            mcp_public_url: url.map(str::to_owned),
            mcp_tool_timeout: std::time::Duration::ZERO,
            hsts: false,
        };
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
        Site::of(&config, &headers).map(|site| site.resource())
    }

    #[test]
    fn a_machine_that_calls_itself_is_believed_and_no_other() {
        for (host, resource) in [
            ("localhost:8001", "http://localhost:8001/mcp"),
            ("LocalHost", "http://localhost/mcp"),
            ("127.0.0.1:9", "http://127.0.0.1:9/mcp"),
            ("[::1]:8001", "http://[::1]:8001/mcp"),
        ] {
            assert_eq!(called_by(host).as_deref(), Some(resource), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "evil@localhost", "0.0.0.0:8001", ""]
        {
            assert_eq!(called_by(host), None, "{host}");
        }
        let configured = called(Some("https://desk.example"), "evil.example");
        assert_eq!(configured.as_deref(), Some("https://desk.example/mcp"));
    }
}
