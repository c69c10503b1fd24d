//! The outermost layer of ours: gives a request its id, writes failures down, says what happened.

use atc_core::Error;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use tracing::Instrument;

use super::watch::Watch;
use crate::{
    ApiState,
    extract::RequestId,
    problem::{self, Told},
};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers that every answer carries unless its handler said otherwise.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
];

/// Gives the request its id, and the answer its last touch: problem document, headers, log line.
pub(crate) async fn request(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = accepted_id(&request).unwrap_or_else(|| state.app.new_id().to_string());
    let headers = request.headers();
    let closes = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get_all(header::HOST).iter().nth(1).is_some();
    let watch = Watch::begin(&request, &id);
    let span =
        tracing::info_span!("request", id = %id, method = %request.method(), route = watch.route());
    request.extensions_mut().insert(RequestId(id.clone()));
    let work = next.run(request).instrument(watch.span().clone());
    let mut response = work.instrument(span.clone()).await;

    span.in_scope(|| {
        let failure = problem::failure(&response);
        if let Some(error) = &failure {
            log_failure(error);
        }
        let told = response.extensions().get::<Told>().is_some();
        if let Some(error) = failure.filter(|_| !told) {
            let mut written = problem::render(&error, &id);
            if response.headers().contains_key(header::WWW_AUTHENTICATE) {
                // The door knows better how to get in.
                written.headers_mut().remove(header::WWW_AUTHENTICATE);
            }
            for (name, value) in response.headers() {
                // What a handler or a library said besides, such as Allow or RateLimit-…
                if !written.headers().contains_key(name) && *name != header::CONTENT_LENGTH {
                    written.headers_mut().append(name, value.clone());
                }
            }
            response = written;
        }
        let status = response.status().as_u16();
        tracing::info!(status, ms = watch.seconds() * 1000.0, "answered");
    });
    watch.answered(response.status());
    finish(&state, &mut response, &id);
    if closes {
        // Beside chunks a length may have stood, which the library passes over, and of two hosts whoever stands
        // before us may have taken the other one: nothing more is read from this connection (RFC 9112, 6.1).
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The client's id for the request, if it is fit for a log line.
fn accepted_id(request: &Request) -> Option<String> {
    let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let sane = (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    sane.then(|| id.to_owned())
}

fn log_failure(error: &Error) {
    let source = error.source.as_deref().map(|e| e as &dyn std::error::Error);
    let code = error.code.slug();
    if error.code.status() >= 500 {
        let causes = causes(source);
        tracing::error!(code, causes, "failed");
    } else {
        tracing::debug!(code, detail = %error.detail, "refused");
    }
}

/// An error and all that caused it, for the log alone.
fn causes(mut error: Option<&dyn std::error::Error>) -> String {
    let mut text = String::new();
    while let Some(e) = error {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&e.to_string());
        error = e.source();
    }
    text
}

fn finish(state: &ApiState, response: &mut Response, id: &str) {
    let ok = response.status() != StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        if ok && !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    if state.config.hsts {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if state.app.is_draining() {
        // The next request of this client goes to a process that stays.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
}
