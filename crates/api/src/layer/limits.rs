//! The size of headers.

use atc_core::{Error, ErrorCode};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{ApiState, problem::Problem};

/// Refuses requests whose headers are larger than configured.
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
    next.run(request).await
}
