//! Answers to programs.

use atc_app::{OauthError, OauthErrorCode};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::problem::{Problem, Told};

/// Nothing of it stays in a cache (RFC 6749, 5.1).
const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// An answer that holds a secret.
pub(super) fn secret(status: StatusCode, body: Value) -> Response {
    (status, NO_STORE, Json(body)).into_response()
}

/// A refusal as programs understand it (RFC 6749, 5.2).
pub(super) fn refused(error: OauthError) -> Response {
    let (code, detail) = match error {
        OauthError::Failed(e) => return Problem::from(e).into_response(),
        OauthError::Refused { code, detail } => (code, detail),
    };
    let status = match code {
        OauthErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    tracing::debug!(code = code.as_str(), %detail, "refused to a program");
    let body = json!({"error": code.as_str(), "error_description": detail});
    let mut response = secret(status, body);
    response.extensions_mut().insert(Told);
    response
}

/// A parameter stands twice.
pub(super) fn twice() -> OauthError {
    OauthError::new(OauthErrorCode::InvalidRequest, "A parameter stands more than once.")
}
