//! What the headers of a request may be.

use atc_core::{Error, ErrorCode};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::header;

use crate::{ApiState, problem::Problem};

/// Refuses requests whose headers are larger than configured, or name more than one host: whoever stands
/// before us may have taken the other one (RFC 9112, 3.2).
pub(crate) async fn check_headers(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let size = headers + request.uri().to_string().len();
    let limit = state.config.max_header_bytes;
    if size > limit {
        let detail = format!("Address and headers are larger than {limit} bytes together.");
        return Problem::from(Error::new(ErrorCode::HeadersTooLarge, detail)).into_response();
    }
    if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
        let detail = "The header Host stands more than once.";
        return Problem::from(Error::new(ErrorCode::Malformed, detail)).into_response();
    }
    next.run(request).await
}
