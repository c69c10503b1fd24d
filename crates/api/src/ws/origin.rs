//! Which pages may open a socket: browsers ask nobody before they do, so that we must.

use http::{HeaderMap, HeaderValue, header};

/// Whether a request comes from no browser, from a page of this host, or from an allowed origin.
pub(crate) fn is_allowed(headers: &HeaderMap, allowed: &[HeaderValue]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    allowed.contains(origin) || is_same_host(origin, headers.get(header::HOST))
}

fn is_same_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let (Some(origin), Some(host)) = (text(origin), host.and_then(text)) else { return false };
    let usual_port = match origin.split_once("://") {
        Some(("http", _)) => ":80",
        Some(("https", _)) => ":443",
        _ => return false,
    };
    let place = origin.split_once("://").map_or("", |(_, place)| place);
    let bare = |place: &str| place.strip_suffix(usual_port).unwrap_or(place).to_owned();
    !place.is_empty() && bare(place) == bare(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_host_and_named_origins() {
        let allowed = [HeaderValue::from_static("chrome-extension://abc")];
        let is = |origin: &'static str, host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            headers.insert(header::HOST, HeaderValue::from_static(host));
            is_allowed(&headers, &allowed)
        };
        assert!(is("https://Desk.example", "desk.example"));
        assert!(is("https://desk.example", "desk.example:443"));
        assert!(is("http://localhost:8000", "localhost:8000"));
        assert!(is("chrome-extension://abc", "desk.example"));
        for foreign in [
            "https://desk.example.evil",
            "https://evil",
            "https://desk.example:8443",
            "null",
            "",
            "chrome-extension://abcd",
            "ftp://desk.example",
        ] {
            assert!(!is(foreign, "desk.example"), "{foreign}");
        }
        assert!(is_allowed(&HeaderMap::new(), &[]), "no browser");
    }
}
