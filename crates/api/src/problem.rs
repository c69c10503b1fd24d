//! Problem documents (RFC 9457): how every failure looks from outside.

use std::sync::Arc;

use atc_core::{Error, ErrorCode, FieldError, Location};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// When to come again to a server that had too much to do.
const BUSY_S: u64 = 5;

/// What a handler returns.
pub(crate) type Result<T, E = Problem> = std::result::Result<T, E>;

/// A failure on its way to the client. The outermost layer writes it down, because that layer knows
/// the id of the request; see `layer::problem`.
#[derive(Debug, Clone)]
pub(crate) struct Problem(pub Arc<Error>);

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        Self(Arc::new(e))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Marks an answer that tells its failure in words of its own, such as a page for people. The
/// outermost layer leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told;

/// The failure that an answer stands for: one of ours, or a bare status of a library.
pub(crate) fn failure(response: &Response) -> Option<Arc<Error>> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.0.clone());
    }
    let status = response.status();
    (status.is_client_error() || status.is_server_error()).then(|| Arc::new(of_status(status)))
}

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/validation-failed",
    "title": "The request is not valid",
    "status": 422,
    "detail": "This must not be empty.",
    "request_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
    "errors": [{"pointer": "/title", "message": "This must not be empty."}]
}))]
pub(crate) struct ProblemBody {
    /// Which kind of problem; its documentation stands at this path.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened and what to do.
    detail: String,
    /// The id under which the log knows this request.
    request_id: String,
    /// Every fault of the request, for status 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultBody>,
}

/// One fault of a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/title", "message": "This must not be empty."}))]
pub(crate) struct FaultBody {
    /// A JSON Pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pointer: Option<String>,
    /// The name of a query or path parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// The name of a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<&'static str>,
    /// What is wrong and what to do.
    message: String,
}

impl FaultBody {
    fn new(fault: &FieldError) -> Self {
        let (mut pointer, mut parameter, mut header) = (None, None, None);
        match &fault.location {
            Location::Pointer(p) => pointer = Some(p.clone()),
            Location::Parameter(p) => parameter = Some(p.clone()),
            Location::Header(h) => header = Some(*h),
        }
        Self { pointer, parameter, header, message: fault.message.clone() }
    }
}

impl ProblemBody {
    fn new(error: &Error, request_id: &str) -> Self {
        Self {
            kind: format!("/problems/{}", error.code.slug()),
            title: error.code.title(),
            status: error.code.status(),
            detail: error.detail.clone().into_owned(),
            request_id: request_id.to_owned(),
            errors: error.fields.iter().map(FaultBody::new).collect(),
        }
    }
}

/// A problem document as text, where the answer has begun already.
pub(crate) fn text(error: &Error, request_id: &str) -> String {
    // Structs of plain values always serialise.
    serde_json::to_string(&ProblemBody::new(error, request_id)).unwrap_or_default()
}

/// Writes a failure down for the client.
pub(crate) fn render(error: &Error, request_id: &str) -> Response {
    let body = ProblemBody::new(error, request_id);
    let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = error.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The failure that a bare status means, for answers that libraries below us give.
pub(crate) fn of_status(status: StatusCode) -> Error {
    let (code, detail) = match status.as_u16() {
        401 => (ErrorCode::Unauthenticated, "Send a Bearer token."),
        403 => (ErrorCode::Forbidden, "This is not allowed."),
        404 => (ErrorCode::NotFound, "There is nothing at this path."),
        405 => (
            ErrorCode::MethodNotAllowed,
            "This path does not know this method; see the Allow header.",
        ),
        408 => (ErrorCode::RequestTimeout, "The request took too long to arrive; send it again."),
        413 => (ErrorCode::PayloadTooLarge, "The body is larger than this call takes."),
        415 => (ErrorCode::UnsupportedMediaType, "Send application/json."),
        431 => (ErrorCode::HeadersTooLarge, "The headers are larger than this server takes."),
        400..=499 => (ErrorCode::Malformed, "The request cannot be read."),
        503 => return Error::unavailable("The server has too much to do; try again.", BUSY_S),
        _ => return Error::internal(format!("a bare status {status}")),
    };
    Error::new(code, detail)
}
