//! Which addresses may be called.

use std::{net::IpAddr, str::FromStr};

use atc_core::ports::OutgoingError;
use ipnet::IpNet;
use url::{Host, Url};

use crate::address::{is_public, plain};

/// Somewhere in the own house that may be called all the same, over plain HTTP as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Addresses.
    Net(IpNet),
    /// A name, in lower case.
    Name(String),
}

/// The text is neither a network, an address nor a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a network such as 10.1.0.0/16, an address, nor the name of a machine")]
pub struct AllowError;

impl FromStr for Allowed {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self::Net(net));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Net(address.into()));
        }
        match Host::parse(text) {
            Ok(Host::Domain(name)) => Ok(Self::Name(name)),
            _ => Err(AllowError),
        }
    }
}

/// Says which addresses may be called: those of the public internet over HTTPS, and what is allowed besides.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Vec<Allowed>,
}

impl Guard {
    /// With what is allowed besides.
    #[must_use]
    pub fn new(allowed: Vec<Allowed>) -> Self {
        Self { allowed }
    }

    /// The address, if it may be called as far as can be said without asking for its name.
    pub(crate) fn check(&self, url: &str) -> Result<Url, OutgoingError> {
        let refused = |why: &str| Err(OutgoingError::Refused(why.to_owned()));
        let Ok(url) = Url::parse(url) else {
            return refused("This is not an address that begins with https://.");
        };
        if !matches!(url.scheme(), "https" | "http") {
            return refused("The address must begin with https://.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("The address must not hold a name or a password.");
        }
        let (known, may) = match url.host() {
            Some(Host::Domain(name)) => (self.names(name), true),
            Some(Host::Ipv4(v4)) => self.of_address(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => self.of_address(IpAddr::V6(v6)),
            None => return refused("The address names no machine."),
        };
        if !may {
            return Err(inside());
        }
        if url.scheme() == "http" && !known {
            return refused(
                "The address must begin with https://; plain HTTP is for machines that \
                 OUTGOING_ALLOW names.",
            );
        }
        Ok(url)
    }

    /// Whether a connection for this name may go to this address.
    pub(crate) fn may_connect(&self, name: &str, address: IpAddr) -> bool {
        self.names(name) || self.of_address(address).1
    }

    fn of_address(&self, address: IpAddr) -> (bool, bool) {
        let address = plain(address);
        let within = |a: &Allowed| matches!(a, Allowed::Net(net) if net.contains(&address));
        let known = self.allowed.iter().any(within);
        (known, known || is_public(address))
    }

    fn names(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        self.allowed.iter().any(|a| matches!(a, Allowed::Name(n) if n.eq_ignore_ascii_case(name)))
    }
}

pub(crate) fn inside() -> OutgoingError {
    OutgoingError::Refused(
        "This address is not on the public internet; if this installation shall call it, name it in \
         OUTGOING_ALLOW."
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allowed: &[&str]) -> Guard {
        Guard::new(allowed.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn an_address_of_the_house_is_refused_however_it_is_written() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://①②⑦.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.8:8443/",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user:secret@example.com/",
            "https://",
            "//example.com",
            "",
        ] {
            let checked = guard(&[]).check(url);
            assert!(matches!(checked, Err(OutgoingError::Refused(_))), "{url}: {checked:?}");
        }
        guard(&[]).check("https://example.com/hook?x=1").unwrap();
        guard(&[]).check("https://[2606:4700::1]:8443/").unwrap();
    }

    #[test]
    fn what_is_allowed_may_be_called_and_nothing_beside_it() {
        let guard = guard(&["10.1.0.0/16", "hooks.corp.example", "192.168.7.7"]);
        guard.check("http://10.1.2.3/hook").unwrap();
        guard.check("http://[::ffff:10.1.2.3]/hook").unwrap();
        guard.check("http://hooks.corp.example:8080/").unwrap();
        guard.check("https://HOOKS.corp.example./").unwrap();
        guard.check("https://192.168.7.7/").unwrap();
        guard.check("https://10.2.0.1/").unwrap_err();
        guard.check("https://192.168.7.8/").unwrap_err();
        guard.check("http://evil-hooks.corp.example/").unwrap_err();
        assert!(guard.may_connect("hooks.corp.example", "127.0.0.1".parse().unwrap()));
        assert!(!guard.may_connect("rebound.example", "127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn an_entry_that_means_nothing_is_refused() {
        for text in ["", "10.0.0.0/99", "a b", "http://x", "::1/200"] {
            assert_eq!(text.parse::<Allowed>(), Err(AllowError), "{text}");
        }
    }
}
