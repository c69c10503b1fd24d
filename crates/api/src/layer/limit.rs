//! Rate limits.

use std::net::IpAddr;

use atc_app::Authenticated;
use atc_core::{
    Error, ErrorCode,
    id::UserId,
    ports::{Decision, Limit},
};
use aws_lc_rs::digest;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    ApiState,
    extract::{ClientAddress, network_of},
    problem::{Problem, Result},
};

const WINDOW_S: u32 = 60;
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Counts the request of this person or, without one, of this address.
pub(crate) async fn limit(
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let requests = state.app.config().rate_limits.per_minute;
    if requests == 0 {
        return next.run(request).await;
    }
    let key = match request.extensions().get::<Authenticated>() {
        Some(Authenticated::Caller(caller)) => format!("user:{}", caller.user_id),
        _ => format!("address:{}", network_of(address)),
    };
    let limit = Limit { requests, window_s: WINDOW_S };
    let decision = state.app.limiter().hit(&key, limit).await;
    let mut response =
        if decision.allowed { next.run(request).await } else { refused(decision).into_response() };
    announce(response.headers_mut(), requests, decision);
    response
}

/// Counts an attempt to log in, to register or to prove a password: of this address with this e-mail.
pub(crate) async fn limit_auth(state: &ApiState, address: IpAddr, email: &str) -> Result<()> {
    let requests = state.app.config().rate_limits.auth_per_minute;
    if requests == 0 {
        return Ok(());
    }
    // Whoever writes it chooses its length, and what is counted elsewhere is nobody's list of addresses.
    let email = digest::digest(&digest::SHA256, email.trim().to_lowercase().as_bytes());
    let email = BASE64_URL_SAFE_NO_PAD.encode(email);
    let key = format!("auth:{}:{email}", network_of(address));
    let limit = Limit { requests, window_s: WINDOW_S };
    let decision = state.app.limiter().hit(&key, limit).await;
    if decision.allowed { Ok(()) } else { Err(refused(decision)) }
}

/// Counts an upload of this person.
pub(crate) async fn limit_uploads(state: &ApiState, person: UserId) -> Result<()> {
    let requests = state.app.config().rate_limits.uploads_per_minute;
    if requests == 0 {
        return Ok(());
    }
    let limit = Limit { requests, window_s: WINDOW_S };
    let decision = state.app.limiter().hit(&format!("upload:{person}"), limit).await;
    if decision.allowed { Ok(()) } else { Err(refused(decision)) }
}

fn refused(decision: Decision) -> Problem {
    let seconds = u64::from(decision.reset_s.max(1));
    let detail = format!("Too many requests; the next one is served in {seconds} s.");
    let error = Error::new(ErrorCode::RateLimited, detail);
    Error { retry_after_s: Some(seconds), ..error }.into()
}

fn announce(headers: &mut HeaderMap, requests: u32, decision: Decision) {
    headers.insert(LIMIT, HeaderValue::from(requests));
    headers.insert(REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(RESET, HeaderValue::from(decision.reset_s));
}
