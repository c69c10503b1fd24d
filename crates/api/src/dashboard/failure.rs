//! Failures, as pages for people.

use atc_core::ErrorCode;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderName, HeaderValue, Method, header};

use super::{login, view};
use crate::{
    extract::RequestId,
    problem::{self, Problem, Told},
};

/// Everything is our own, and nothing stands in the page itself.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    // What an administrator saw must not be seen again after the logout.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Turns a failure into a page, or into the way to the login; puts the policy on every answer.
pub(super) async fn tell(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let asked = (request.method() == Method::GET).then(|| request.uri().clone());
    let mut response = next.run(request).await;
    let told = response.extensions().get::<Told>().is_some();
    if let Some(error) = problem::failure(&response).filter(|_| !told) {
        let mut page = if error.code == ErrorCode::Unauthenticated {
            Redirect::to(&login::address(asked.as_ref())).into_response()
        } else {
            let status = response.status();
            let mut page = (status, view::failure(&error, &id)).into_response();
            page.extensions_mut().insert(Problem(error));
            page.extensions_mut().insert(Told);
            page
        };
        for (name, value) in response.headers() {
            // What a layer said besides, such as Allow or Retry-After.
            if !page.headers().contains_key(name) && *name != header::CONTENT_LENGTH {
                page.headers_mut().append(name, value.clone());
            }
        }
        response = page;
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
