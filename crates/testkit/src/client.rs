//! Calls and answers of a test.

use std::{
    future::{Future, IntoFuture},
    net::{IpAddr, SocketAddr},
    pin::Pin,
};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::TestApp;

/// Which port a call goes to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    Api,
    Dashboard,
    Mcp,
}

/// A call that is being put together; awaiting it makes it.
pub struct Call<'a> {
    app: &'a TestApp,
    door: Door,
    request: http::request::Builder,
    body: Body,
}

impl<'a> Call<'a> {
    pub(crate) fn new(app: &'a TestApp, method: Method, path: &str) -> Self {
        let system = [
            "/health",
            "/metrics",
            "/docs",
            "/redoc",
            "/openapi",
            "/problems",
            "/api/",
            "/ws/",
            "/API/",
            "//",
        ];
        let whole = system.iter().any(|prefix| path.starts_with(prefix));
        let path = if whole { path.to_owned() } else { format!("/api/v1{path}") };
        let request = Request::builder().method(method).uri(path);
        Self { app, door: Door::Api, request, body: Body::empty() }
    }

    /// A call of another port, by its whole path.
    pub(crate) fn of(app: &'a TestApp, door: Door, method: Method, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path);
        Self { app, door, request, body: Body::empty() }
    }

    /// With this token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With this header, whatever its bytes are.
    #[must_use]
    pub fn header_value(mut self, name: &str, value: &HeaderValue) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// From this address instead of this machine.
    #[must_use]
    pub fn from(mut self, address: IpAddr) -> Self {
        let peer = SocketAddr::new(address, 40_000);
        self.request = self.request.extension(ConnectInfo(peer));
        self
    }

    /// With this JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// With these bytes.
    #[must_use]
    pub fn raw(mut self, media_type: &str, body: impl Into<Body>) -> Self {
        self.request = self.request.header(header::CONTENT_TYPE, media_type);
        self.body = body.into();
        self
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request.body(self.body).expect("a request");
        Box::pin(self.app.answer(self.door, request))
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: parts.status, headers: parts.headers, bytes, body }
    }

    /// The answer, if it has this status; else the test fails and shows it.
    #[track_caller]
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "an assertion")]
    pub fn expect(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status.as_u16(), status, "{text}");
        self
    }

    /// The text at a JSON Pointer.
    #[must_use]
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        let text = self.body.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text at {pointer}: {}", self.body)).to_owned()
    }

    /// A header as text; empty where it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The last part of a problem's type.
    #[must_use]
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        self.text("/type").trim_start_matches("/problems/").to_owned()
    }

    /// Where the faults of a 422 are, sorted.
    #[must_use]
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let place = |e: &Value| {
            ["pointer", "parameter", "header"]
                .iter()
                .find_map(|k| e[*k].as_str().map(str::to_owned))
        };
        let mut places: Vec<_> = errors.iter().filter_map(place).collect();
        places.sort();
        places
    }
}
