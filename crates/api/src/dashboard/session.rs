//! The session of a browser: a cookie that no script and no other site gets to see.
//!
//! It holds the refresh token of a login. Role and activity are read from the database at every
//! request, and ending the session on the server ends it here.

use std::{net::SocketAddr, sync::Arc};

use atc_app::Authenticated;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use chrono::TimeDelta;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header, request::Parts};

use crate::ApiState;

const NAME: &str = "atc_dashboard";
/// How long a login lasts, however busy: a working day.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// Reads the cookie and notes what became of it, as `layer::authenticate` does of tokens.
pub(super) async fn authenticate(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let authenticated = match token(request.headers()) {
        None => Authenticated::Nobody,
        Some(token) => match state.app.authenticate_session(&token, LASTS).await {
            Ok(caller) => Authenticated::Caller(caller),
            Err(e) => Authenticated::Refused(Arc::new(e)),
        },
    };
    request.extensions_mut().insert(authenticated);
    next.run(request).await
}

fn token(headers: &HeaderMap) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == NAME).map(|cookie| cookie.value().to_owned())
}

/// Whether the browser came by HTTPS: as a trusted proxy says, or as production demands.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByHttps(bool);

impl FromRequestParts<ApiState> for ByHttps {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &ApiState,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|info| info.0.ip().to_canonical());
        let networks = &state.config.trusted_proxies;
        let trusted = peer.is_some_and(|ip| networks.iter().any(|net| net.contains(&ip)));
        let said = parts.headers.get("x-forwarded-proto");
        let https = said.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"));
        Ok(Self(state.config.hsts || (trusted && https)))
    }
}

/// The header that gives the browser its session.
pub(super) fn begin(token: String, https: ByHttps) -> Option<HeaderValue> {
    header_value(&cookie(token, https))
}

/// The header that takes it away again.
pub(super) fn end(https: ByHttps) -> Option<HeaderValue> {
    let mut cookie = cookie(String::new(), https);
    cookie.make_removal();
    header_value(&cookie)
}

fn cookie(value: String, ByHttps(https): ByHttps) -> Cookie<'static> {
    let cookie = Cookie::build((NAME, value)).path("/").http_only(true);
    cookie.same_site(SameSite::Strict).secure(https).build()
}

/// Our tokens have letters, digits, `-` and `_` only.
fn header_value(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie.to_string()).ok()
}
