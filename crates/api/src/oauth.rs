//! How other programs get in (OAuth 2.1): what they read, what they call, and the pages on which people let them.
//!
//! All of it is on the MCP port, and that port's address is the issuer: it is the one address that a program is
//! given, older ones look for the authorization server nowhere else, and a process with the role `mcp` alone is
//! whole.

mod authorize;
mod grants;
mod login;
mod metadata;
mod register;
mod reply;
mod site;
mod token;
mod view;

pub(crate) use site::Site;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing,
};
use chrono::TimeDelta;
use cookie::SameSite;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};

use crate::{
    ApiState,
    extract::RequestId,
    layer,
    pages::{
        self, Files, origin,
        session::{self, SessionCookie},
    },
    problem::{self, Problem, Told},
};

/// A login lasts while somebody lets a few programs in. The page on which they do so is come to from
/// elsewhere, so that the cookie must be sent along then; what changes something comes from our pages alone.
static COOKIE: SessionCookie = SessionCookie {
    name: "atc_oauth",
    path: "/oauth",
    same_site: SameSite::Lax,
    lasts: TimeDelta::hours(1),
};
/// What the pages need besides.
const FILES: Files = Files { style: "/oauth/pages.css", icon: "/oauth/icon.svg", script: None };
/// No script, and nothing from elsewhere.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Everything of it.
pub(crate) fn routes(state: &ApiState) -> Router<ApiState> {
    let pages = Router::new()
        .route("/oauth/authorize", routing::get(authorize::page).post(authorize::decide))
        .route("/oauth/login", routing::post(login::log_in))
        .route("/oauth/logout", routing::post(login::log_out))
        .route("/oauth/grants", routing::get(grants::page))
        .route("/oauth/grants/{id}/end", routing::post(grants::end))
        .layer(middleware::from_fn_with_state(state.clone(), layer::limit))
        .layer(middleware::from_fn_with_state((state.clone(), &COOKIE), session::authenticate))
        .layer(middleware::from_fn(origin::check))
        .layer(middleware::from_fn(tell));
    let calls = Router::new()
        .route("/.well-known/oauth-protected-resource", routing::get(metadata::resource))
        .route("/.well-known/oauth-protected-resource/mcp", routing::get(metadata::resource))
        .route("/.well-known/oauth-authorization-server", routing::get(metadata::server))
        .route("/oauth/register", routing::post(register::register))
        .route("/oauth/token", routing::post(token::give))
        .route("/oauth/revoke", routing::post(token::take_back))
        .layer(middleware::from_fn_with_state(state.clone(), layer::limit));
    pages
        .merge(calls)
        .merge(pages::file(FILES.style, "text/css; charset=utf-8", pages::STYLE))
        .merge(pages::file(FILES.icon, "image/svg+xml", pages::ICON))
        .layer(RequestBodyDeadlineLayer::new(state.config.body_timeout))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            state.config.request_timeout,
        ))
}

/// Turns a failure into a page; puts the policy on every answer.
async fn tell(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    let told = response.extensions().get::<Told>().is_some();
    if let Some(error) = problem::failure(&response).filter(|_| !told) {
        let mut page = (response.status(), view::failure(&error, &id)).into_response();
        page.extensions_mut().insert(Problem(error));
        page.extensions_mut().insert(Told);
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
