//! Finding out who asks, before anything else is decided.

use std::sync::Arc;

use atc_app::Authenticated;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header};

use crate::{ApiState, oauth::Site};

/// Reads the credential and notes what became of it; whether one is needed, the route decides. Tokens that
/// people let programs have serve where a door named its [`Site`], and not elsewhere.
pub(crate) async fn authenticate(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let resource = request.extensions().get::<Site>().map(Site::resource);
    let authenticated = match bearer(request.headers()) {
        None => Authenticated::Nobody,
        Some(token) => match state.app.authenticate_at(token, resource.as_deref()).await {
            Ok(caller) => Authenticated::Caller(caller),
            Err(e) => Authenticated::Refused(Arc::new(e)),
        },
    };
    request.extensions_mut().insert(authenticated);
    next.run(request).await
}

/// The token of the header `Authorization: Bearer …` (RFC 6750, 2.1). Of a header that stands more than once
/// nobody can say which one counts, so that none does.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
