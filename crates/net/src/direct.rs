//! Calls to addresses that the configuration names.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use url::Url;

use crate::{Answer, SetUpError, client};

/// Connections that are kept open for the next call to the same server.
const KEPT: usize = 8;

/// Calls servers that whoever runs this program has named. They may stand in the own house and speak plain
/// HTTP, so no guard looks at their addresses; whose words an address may come from is decided by the caller.
/// How long a call may take is for the caller to say as well: dropping what is waited for ends it.
#[derive(Debug, Clone)]
pub struct Direct(reqwest::Client);

/// The text is no address that can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not read as an address of HTTP.
    #[error("not an address that begins with https:// or http:// and names a machine")]
    NoAddress,
    /// It holds what would end up in logs.
    #[error("an address must not hold a name, a password, a query or a fragment")]
    Secrets,
}

/// Why a call got no answer, or not the whole of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody answers at the address, or the connection broke; never the address itself.
    #[error("{0}")]
    Unreachable(String),
    /// A header cannot be sent.
    #[error("a header holds what cannot be sent")]
    Header,
}

impl Direct {
    /// Where making a connection may take so long.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(connect_timeout: Duration) -> Result<Self, SetUpError> {
        let builder =
            || client::builder().connect_timeout(connect_timeout).pool_max_idle_per_host(KEPT);
        Ok(Self(client::built(builder)?))
    }

    /// The address, if it can be called: HTTP or HTTPS, without name and password, query and fragment.
    ///
    /// # Errors
    /// When it cannot.
    pub fn address(text: &str) -> Result<Url, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::NoAddress)?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(AddressError::NoAddress);
        }
        let secret = !url.username().is_empty() || url.password().is_some();
        if secret || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Secrets);
        }
        Ok(url)
    }

    /// Sends JSON and waits for the head of the answer. Redirects are not followed.
    ///
    /// # Errors
    /// When no answer begins.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let mut request = self.0.post(url.clone()).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| CallError::Header)?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        request.body(body).send().await.map(Answer).map_err(|e| CallError::of(&e))
    }
}

impl CallError {
    pub(crate) fn of(e: &reqwest::Error) -> Self {
        if e.is_timeout() {
            return Self::Unreachable("No connection came about in time.".to_owned());
        }
        let mut deepest: &dyn std::error::Error = e;
        while let Some(cause) = deepest.source() {
            deepest = cause;
        }
        Self::Unreachable(format!("No answer came: {deepest}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_in_the_own_house_but_holds_no_secret() {
        for good in ["http://localhost:11434/v1", "https://api.example/v1/", "http://[::1]:8080"] {
            assert!(Direct::address(good).is_ok(), "{good}");
        }
        for bad in ["", "localhost:11434", "ftp://a/", "unix:/run/x", "//a/v1", "http://"] {
            assert_eq!(Direct::address(bad), Err(AddressError::NoAddress), "{bad}");
        }
        for bad in ["http://u:p@a/v1", "http://u@a/v1", "https://a/v1?key=x", "https://a/v1#x"] {
            assert_eq!(Direct::address(bad), Err(AddressError::Secrets), "{bad}");
        }
    }
}
