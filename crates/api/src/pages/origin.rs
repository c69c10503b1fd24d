//! A page of somebody else must not press our buttons.

use atc_core::Error;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, Uri, header};

use crate::problem::Problem;

/// Refuses what may change something unless the browser says that a page of this origin asks: by
/// `Sec-Fetch-Site` or, where it sends none (as over plain HTTP), by an `Origin` with our host. Who
/// says neither is refused as well: the cookie comes from browsers alone, and they say it.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_ours(request.headers()) {
        return next.run(request).await;
    }
    let detail = "This request did not come from a page of this server; open the page again.";
    Problem::from(Error::forbidden(detail)).into_response()
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text(header::ORIGIN.as_str()).and_then(|o| o.parse::<Uri>().ok());
    let origin = origin.as_ref().and_then(Uri::authority);
    let host = text(header::HOST.as_str());
    origin.is_some_and(|o| host.is_some_and(|h| o.as_str().eq_ignore_ascii_case(h)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn ours(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        is_ours(&headers.collect())
    }

    #[test]
    fn only_pages_of_this_origin_may_change_something() {
        let host = ("host", "127.0.0.1:5555");
        assert!(ours(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(ours(&[host, ("origin", "http://127.0.0.1:5555")]));
        for site in ["same-site", "cross-site", "none", ""] {
            // Even beside an origin that would do.
            let claims = [host, ("sec-fetch-site", site), ("origin", "http://127.0.0.1:5555")];
            assert!(!ours(&claims), "{site}");
        }
        for origin in ["http://127.0.0.1:3000", "http://127.0.0.1", "null", "http://evil", ""] {
            assert!(!ours(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!ours(&[host]));
        assert!(!ours(&[("origin", "http://127.0.0.1:5555")]));
    }
}
