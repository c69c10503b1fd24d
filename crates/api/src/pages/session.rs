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

/// The cookie of one family of pages.
pub(crate) struct SessionCookie {
    pub name: &'static str,
    /// Below which path it is sent.
    pub path: &'static str,
    /// Whether it is sent when a page of somebody else leads to ours.
    pub same_site: SameSite,
    /// How long a login lasts, however busy.
    pub lasts: TimeDelta,
}

/// Reads the cookie and notes what became of it, as `layer::authenticate` does of tokens.
pub(crate) async fn authenticate(
    State((state, kind)): State<(ApiState, &'static SessionCookie)>,
    mut request: Request,
    next: Next,
) -> Response {
    let authenticated = match kind.token(request.headers()) {
        None => Authenticated::Nobody,
        Some(token) => match state.app.authenticate_session(&token, kind.lasts).await {
            Ok(caller) => Authenticated::Caller(caller),
            Err(e) => Authenticated::Refused(Arc::new(e)),
        },
    };
    request.extensions_mut().insert(authenticated);
    next.run(request).await
}

/// Whether the browser came by HTTPS: as a trusted proxy says, or as production demands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByHttps(pub bool);

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

impl SessionCookie {
    fn token(&self, headers: &HeaderMap) -> Option<String> {
        let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
        cookies.find(|cookie| cookie.name() == self.name).map(|cookie| cookie.value().to_owned())
    }

    /// The header that gives the browser its session.
    pub fn begin(&self, token: String, https: ByHttps) -> Option<HeaderValue> {
        header_value(&self.cookie(token, https))
    }

    /// The header that takes it away again.
    pub fn end(&self, https: ByHttps) -> Option<HeaderValue> {
        let mut cookie = self.cookie(String::new(), https);
        cookie.make_removal();
        header_value(&cookie)
    }

    fn cookie(&self, value: String, ByHttps(https): ByHttps) -> Cookie<'static> {
        let cookie = Cookie::build((self.name, value)).path(self.path).http_only(true);
        cookie.same_site(self.same_site).secure(https).build()
    }
}

/// Our tokens have letters, digits, `-` and `_` only.
fn header_value(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie.to_string()).ok()
}
