//! What a server is shown so that it answers us. Never shown to anybody else.

use std::fmt;

use crate::agent::ApiKey;

/// Names that the protocol or the connection needs for itself.
const RESERVED: [&str; 14] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "last-event-id",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// How names begin that belong to the protocol, to proxies, or to the guard of browsers.
const RESERVED_BEGINNINGS: [&str; 3] = ["mcp-", "proxy-", "sec-"];

/// A header that is sent along with every request.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomHeader {
    name: String,
    value: String,
}

/// Why a header cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CustomHeaderError {
    /// The name is none (RFC 9110, 5.1).
    #[error("A header's name is 1 to 64 letters, digits and hyphens.")]
    Name,
    /// The name is needed otherwise.
    #[error("This header is set by the program itself.")]
    Reserved,
    /// The value cannot be carried.
    #[error("A header's value is 1 to 4,096 visible characters of ASCII and spaces.")]
    Value,
}

impl CustomHeader {
    /// Takes a header.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(name: &str, value: &str) -> Result<Self, CustomHeaderError> {
        let name = name.to_ascii_lowercase();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(legal) {
            return Err(CustomHeaderError::Name);
        }
        let reserved = RESERVED.contains(&name.as_str())
            || RESERVED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
        if reserved {
            return Err(CustomHeaderError::Reserved);
        }
        let value = value.trim_matches(' ').to_owned();
        let visible = value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !(1..=4096).contains(&value.len()) || !visible {
            return Err(CustomHeaderError::Value);
        }
        Ok(Self { name, value })
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value itself, for the call and for sealing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for CustomHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomHeader({}: …)", self.name)
    }
}

/// What a server is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerSecrets {
    /// `Authorization: Bearer …`.
    pub token: Option<ApiKey>,
    /// Further headers.
    pub headers: Vec<CustomHeader>,
}

impl ServerSecrets {
    /// Whether there is nothing to be kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.token.is_none() && self.headers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_of_the_administrator_and_not_of_the_protocol() {
        let header = CustomHeader::parse("X-Api-Key", " hunter2 ").unwrap();
        assert_eq!((header.name(), header.expose()), ("x-api-key", "hunter2"));
        assert!(!format!("{header:?}").contains("hunter2"));
        for name in ["Host", "content-length", "Mcp-Session-Id", "Proxy-Authorization", "TE"] {
            let refused = CustomHeader::parse(name, "x");
            assert_eq!(refused, Err(CustomHeaderError::Reserved), "{name}");
        }
        for name in ["", "a b", "a:b", "ä"] {
            assert_eq!(CustomHeader::parse(name, "x"), Err(CustomHeaderError::Name), "{name}");
        }
        for value in ["", "a\r\nb: c", "ä", "\u{7f}"] {
            assert_eq!(CustomHeader::parse("x", value), Err(CustomHeaderError::Value), "{value:?}");
        }
    }
}
