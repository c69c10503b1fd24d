//! What is watched of a request: its span, its time, and that it was there.

use std::time::Instant;

use atc_app::trace;
use atc_core::observe::TRACES;
use axum::extract::{MatchedPath, Request};
use http::{HeaderMap, Method, StatusCode};
use opentelemetry::propagation::Extractor;
use tracing::{Span, field::Empty};

/// The route of requests that no route is for. What they ask for becomes no label: anybody can ask for
/// anything.
const UNMATCHED: &str = "unmatched";
/// What machines ask every few seconds.
const UNTRACED: [&str; 4] = ["/metrics", "/health", "/health/live", "/health/ready"];
/// The status of a request whose client left before it was answered.
const GONE: &str = "gone";

/// A request that is being answered. Counted when it is answered, or dropped because nobody waits any more.
pub(super) struct Watch {
    begun: Instant,
    method: &'static str,
    route: String,
    status: Option<StatusCode>,
    span: Span,
}

impl Watch {
    pub fn begin(request: &Request, id: &str) -> Self {
        let method = method(request.method());
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or(UNMATCHED, MatchedPath::as_str).to_owned();
        let span = if UNTRACED.contains(&route.as_str()) {
            Span::none()
        } else {
            span(request.headers(), method, &route, id)
        };
        metrics::gauge!("http_requests_in_flight").increment(1);
        Self { begun: Instant::now(), method, route, status: None, span }
    }

    pub fn route(&self) -> &str {
        &self.route
    }

    pub fn span(&self) -> &Span {
        &self.span
    }

    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    pub fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "error");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (method, route) = (self.method, std::mem::take(&mut self.route));
        let status = self.status.map_or(GONE.to_owned(), |status| status.as_u16().to_string());
        metrics::gauge!("http_requests_in_flight").decrement(1);
        metrics::histogram!("http_request_seconds", "method" => method, "route" => route.clone(),
            "status_class" => class(self.status))
        .record(self.begun.elapsed());
        metrics::counter!("http_requests_total", "method" => method, "route" => route,
            "status" => status)
        .increment(1);
    }
}

/// Names are those of OpenTelemetry's conventions for HTTP servers.
fn span(headers: &HeaderMap, method: &str, route: &str, id: &str) -> Span {
    let span = tracing::info_span!(
        target: TRACES,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        request_id = id,
    );
    trace::continue_from(&span, &Headers(headers));
    span
}

/// The method, where it is one that servers know: a client may make up any word.
fn method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

fn class(status: Option<StatusCode>) -> &'static str {
    match status.map(|status| status.as_u16() / 100) {
        None => GONE,
        Some(1) => "1xx",
        Some(2) => "2xx",
        Some(3) => "3xx",
        Some(4) => "4xx",
        Some(_) => "5xx",
    }
}

/// Headers, as the context of a trace is read from them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_method_is_no_label() {
        assert_eq!(method(&Method::PATCH), "PATCH");
        assert_eq!(method(&Method::from_bytes(b"BREW").unwrap()), "_OTHER");
    }
}
