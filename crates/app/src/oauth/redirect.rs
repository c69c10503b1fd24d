//! Where an answer leads to.

use std::fmt;

use url::{Host, Url};

/// The most bytes of an address.
const MOST_BYTES: usize = 2000;
/// Names of private schemes have a dot (RFC 8252, 7.1), so that they are of somebody. These editors' have
/// none, and each is known to open that editor alone.
const EDITORS: [&str; 4] = ["cursor", "vscode", "vscode-insiders", "windsurf"];

/// An address to which a program may have its answer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    place: Place,
}

/// Whereto an answer leads, as a person can judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A site.
    Site(String),
    /// A program on the machine of the browser that listens there.
    ThisComputer(String),
    /// A program on that machine that is known by a scheme.
    Program(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(host) => f.write_str(host),
            Self::ThisComputer(host) => write!(f, "this computer ({host})"),
            Self::Program(scheme) => write!(f, "{scheme}: on this computer"),
        }
    }
}

impl RedirectUri {
    /// Takes an address that an answer can lead to.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MOST_BYTES {
            return Err("A redirect URI has at most 2000 bytes.");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'"' && b != b'<') {
            return Err("A redirect URI holds no spaces, quotation marks or other than ASCII.");
        }
        let Ok(url) = Url::parse(text) else {
            return Err("A redirect URI is a whole address.");
        };
        if url.fragment().is_some() {
            return Err("A redirect URI has no fragment.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("A redirect URI holds no name or password.");
        }
        let place = match (url.scheme(), url.host()) {
            ("https", Some(host)) => Place::Site(host.to_string()),
            ("http", Some(host)) if is_loopback(&host) => Place::ThisComputer(host.to_string()),
            ("http", _) => {
                return Err("Plain http is for localhost, 127.0.0.1 and [::1] only; use https.");
            }
            (scheme, _) if scheme.contains('.') || EDITORS.contains(&scheme) => {
                Place::Program(scheme.to_owned())
            }
            _ => {
                return Err("A redirect URI begins with https:, with http: on this computer, or \
                            with a private scheme that has a dot, as com.example.app:.");
            }
        };
        Ok(Self { text: text.to_owned(), place })
    }

    /// Whether an answer may lead here because this one was made known: the very same, or the same on
    /// another port of this computer (RFC 8252, 7.3), as a program seldom gets the port it had.
    pub fn is_of(&self, known: &str) -> bool {
        if self.text == known {
            return true;
        }
        if !matches!(self.place, Place::ThisComputer(_)) {
            return false;
        }
        let without_port = |text: &str| {
            let mut url = Url::parse(text).ok()?;
            url.set_port(None).ok()?;
            Some(url)
        };
        let same = without_port(&self.text).zip(without_port(known));
        same.is_some_and(|(one, other)| one == other)
    }

    /// The address itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whereto it leads.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The address with an answer.
    pub fn with(&self, answer: &[(&str, &str)]) -> String {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
        let between = if self.text.contains('?') { '&' } else { '?' };
        format!("{}{between}{query}", self.text)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(v4) => v4.octets() == [127, 0, 0, 1],
        Host::Ipv6(v6) => v6.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leads_to_sites_by_https_to_this_computer_and_to_programs() {
        for (good, place) in [
            ("https://app.example/cb?x=1", "app.example"),
            ("https://app.example:8443/", "app.example"),
            ("http://127.0.0.1:3000/callback", "this computer (127.0.0.1)"),
            ("http://localhost/callback", "this computer (localhost)"),
            ("http://[::1]:9/", "this computer ([::1])"),
            ("com.example.app:/oauth", "com.example.app: on this computer"),
            ("cursor://anysphere.cursor/oauth", "cursor: on this computer"),
        ] {
            assert_eq!(RedirectUri::parse(good).unwrap().place().to_string(), place, "{good}");
        }
    }

    #[test]
    fn nothing_else_is_an_address_for_an_answer() {
        let long = format!("https://a.example/{}", "x".repeat(MOST_BYTES));
        for bad in [
            "",
            "/callback",
            "//evil.example",
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.2/",
            "http://0.0.0.0/",
            "https://",
            "https://app.example/#token",
            "https://user@app.example/",
            "https://user:pw@app.example/",
            "https://app.example/ a",
            "https://app.example/\r\nX: y",
            "https://app.example\\@evil.example/",
            "https://ä.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://app.example/",
            "myapp:/cb",
            "urn:ietf:wg:oauth:2.0:oob",
            &long,
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_port_of_this_computer_may_differ() {
        let is_of = |asked: &str, known: &str| RedirectUri::parse(asked).unwrap().is_of(known);
        assert!(is_of("http://127.0.0.1:5/cb", "http://127.0.0.1:4/cb"));
        assert!(is_of("http://localhost:5/cb", "http://localhost/cb"));
        assert!(is_of("https://a.example/cb", "https://a.example/cb"));
        for (asked, known) in [
            ("http://127.0.0.1:5/cb2", "http://127.0.0.1:4/cb"),
            ("http://127.0.0.1:5/cb?x=1", "http://127.0.0.1:4/cb"),
            ("http://localhost:5/cb", "http://127.0.0.1:5/cb"),
            ("https://a.example:444/cb", "https://a.example/cb"),
            ("https://a.example/cb/", "https://a.example/cb"),
            ("https://a.example/cb?x=1", "https://a.example/cb"),
            ("https://a.example/cb", "https://a.example/cb?x=1"),
            ("https://A.example/cb", "https://a.example/cb"),
            ("com.example.app:/b", "com.example.app:/a"),
        ] {
            assert!(!is_of(asked, known), "{asked} {known}");
        }
    }

    #[test]
    fn an_answer_is_added_to_what_stands_there() {
        let plain = RedirectUri::parse("http://localhost:1/cb").unwrap();
        assert_eq!(plain.with(&[("code", "a b&c")]), "http://localhost:1/cb?code=a+b%26c");
        let more = RedirectUri::parse("https://a.example/?x=1").unwrap();
        assert_eq!(more.with(&[("state", "é")]), "https://a.example/?x=1&state=%C3%A9");
    }
}
