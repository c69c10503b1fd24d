//! The keys of the MCP server.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{
    fault::{Noted, Reader},
    parse,
    server::{SidePort, side_port},
};

/// The MCP server.
#[derive(Debug, Clone)]
pub struct Mcp {
    /// Where it is; `None` where it is switched off.
    pub port: Option<SidePort>,
    /// By which hosts it may be called; `None`: by any.
    pub allowed_hosts: Option<Vec<String>>,
    /// Under which address it is reached from elsewhere, without a slash at the end.
    pub public_url: Option<String>,
    /// How long a tool may wait for a file to be read.
    pub tool_timeout: Duration,
    /// Whose rights an agent has that speaks over standard input and output.
    pub token: Option<SecretString>,
}

impl Mcp {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let port = side_port(r, "MCP_PORT", "8001");
        let allowed_hosts = r.required("MCP_ALLOWED_HOSTS", "desk.example.com,localhost", hosts);
        let public_url = r.optional("MCP_PUBLIC_URL", "https://desk.example.com", public_url);
        let tool_timeout = r.required("MCP_TOOL_TIMEOUT_S", "300", parse::seconds(1..=3600));
        let token = r.optional("MCP_TOKEN", "<a token of POST /api/v1/tokens>", |text| {
            Ok(SecretString::from(text))
        });
        Ok(Self {
            port: port?,
            allowed_hosts: allowed_hosts?,
            public_url: public_url?,
            tool_timeout: tool_timeout?,
            token: token?,
        })
    }
}

/// Names by which a server is called, or `*` for any.
fn hosts(text: &str) -> Result<Option<Vec<String>>, String> {
    if text.trim() == "*" {
        return Ok(None);
    }
    let name = |name: &str| {
        let sane = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        let good = !name.is_empty() && name.bytes().all(sane);
        good.then(|| name.to_owned()).ok_or_else(|| format!("names {name}, which is no host"))
    };
    parse::list(name)(text).map(Some)
}

/// Scheme, host and port. Passwords go there, so that plain HTTP is for this machine alone.
fn public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|_| "is no address".to_owned())?;
    let base = url.origin().ascii_serialization();
    if text.trim_end_matches('/') != base {
        return Err(format!(
            "is more than scheme, host and port, or written otherwise than {base}"
        ));
    }
    let here = ["localhost", "127.0.0.1", "[::1]"].contains(&url.host_str().unwrap_or_default());
    match url.scheme() {
        "https" => Ok(base),
        "http" if here => Ok(base),
        _ => Err("does not begin with https://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_or_any() {
        assert_eq!(hosts("*"), Ok(None));
        let named = vec!["desk.example".to_owned(), "[::1]".to_owned()];
        assert_eq!(hosts("desk.example, [::1]"), Ok(Some(named)));
        assert!(hosts("http://desk.example").is_err());
    }

    #[test]
    fn a_public_address_is_an_origin_by_https() {
        for good in ["https://desk.example", "https://desk.example:8443", "http://localhost:8001"] {
            assert_eq!(public_url(good).as_deref(), Ok(good));
        }
        assert_eq!(public_url("https://desk.example/").as_deref(), Ok("https://desk.example"));
        for bad in [
            "desk.example",
            "http://desk.example",
            "https://desk.example/mcp",
            "https://desk.example:443",
            "https://Desk.example",
            "https://user@desk.example",
            "https://desk.example?x",
            "ftp://desk.example",
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}
