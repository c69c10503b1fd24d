//! Calling our own REST API inside the process.

use axum::{Router, body::Body};
use http::{HeaderName, HeaderValue, Method, Request, header};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::auth::Identity;

/// What stands in a segment of a path as it is (RFC 3986, 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A call that is being put together.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Option<(String, Vec<u8>)>,
}

impl Call {
    /// Of a path below the API's prefix, whose parameters are filled in by [`Call::fill`].
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// Puts a value in the place of `{name}`.
    pub fn fill(&mut self, name: &str, value: &str) {
        let segment = utf8_percent_encode(value, SEGMENT).to_string();
        self.path = self.path.replace(&format!("{{{name}}}"), &segment);
    }

    /// With a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
        self
    }
}

/// Why a call was refused, as the API said it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    text: String,
}

impl Refusal {
    /// A refusal in words of our own, for what the API is not asked at all.
    pub fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// Of a problem document (RFC 9457): what is wrong, where, and what to do.
    fn of_problem(status: u16, retry_after: Option<&str>, problem: &Value) -> Self {
        let text_of = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        let title = text_of(problem, "title").unwrap_or_else(|| "The call failed".to_owned());
        let detail = text_of(problem, "detail").unwrap_or_default();
        let mut lines = vec![format!("{title} ({status}). {detail}")];
        let faults = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        for fault in faults {
            let place = ["pointer", "parameter", "header"].iter().find_map(|k| fault[k].as_str());
            let place = place.unwrap_or_default().trim_start_matches('/');
            let message = fault["message"].as_str().unwrap_or_default();
            lines.push(format!("- {place}: {message}"));
        }
        if let Some(seconds) = retry_after {
            lines.push(format!("Try again in {seconds} s."));
        }
        if status >= 500
            && let Some(id) = text_of(problem, "request_id")
        {
            lines.push(format!("The log knows it as request {id}."));
        }
        Self { status, text: lines.join("\n") }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Makes a call for somebody; gives what the API answered, `null` for an empty answer.
pub(super) async fn call(
    api: &Router,
    who: &Identity,
    method: &Method,
    call: Call,
) -> Result<Value, Refusal> {
    let mut request = build(method, call)?;
    who.sign(&mut request);
    let response = match tower::ServiceExt::oneshot(api.clone(), request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let unreadable = |_| Refusal::new(500, "The answer broke off; try again.");
    let bytes = body.collect().await.map_err(unreadable)?.to_bytes();
    let answer = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    // /health answers 503 with the report itself, which is what was asked for.
    let reports = parts.status.is_success() || answer.get("components").is_some();
    if reports {
        return Ok(answer);
    }
    let retry_after = parts.headers.get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
    Err(Refusal::of_problem(parts.status.as_u16(), retry_after, &answer))
}

fn build(method: &Method, call: Call) -> Result<Request<Body>, Refusal> {
    let mut uri = call.path;
    if !call.query.is_empty() {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.query).finish();
        uri.push('?');
        uri.push_str(&query);
    }
    let unfit = |_| Refusal::new(422, "An argument holds characters that cannot be sent.");
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in call.headers {
        request = request.header(name, HeaderValue::from_str(&value).map_err(unfit)?);
    }
    let body = match call.body {
        Some((media_type, bytes)) => {
            request = request.header(header::CONTENT_TYPE, media_type);
            Body::from(bytes)
        }
        None => Body::empty(),
    };
    request.body(body).map_err(|_| Refusal::new(422, "An argument cannot be sent."))
}
