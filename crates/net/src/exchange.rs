//! Requests whose answers are read piece by piece.

use atc_core::ports::OutgoingError;
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderMap, Method, StatusCode};

use crate::{Client, client::failed};

/// A request to an address that people gave.
#[derive(Debug)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// Where.
    pub url: String,
    /// Headers of the request.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer whose body has not been read yet.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, piece by piece, without a bound of its own; dropping it ends the connection.
    pub body: BoxStream<'static, Result<Bytes, OutgoingError>>,
}

impl Client {
    /// Sends a request and gives the answer as soon as its headers are there. Redirects are not followed.
    ///
    /// # Errors
    /// When the address may not be called, or nobody answers.
    pub async fn exchange(&self, request: Request) -> Result<Response, OutgoingError> {
        let url = self.guard.check(&request.url)?;
        let sending = self.http.request(request.method, url).headers(request.headers);
        let answer = sending.body(request.body).send().await.map_err(|e| self.failed(&e))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let timeout = self.limits.timeout;
        let pieces = stream::try_unfold(answer, move |mut answer| async move {
            let piece = answer.chunk().await.map_err(|e| failed(&e, timeout))?;
            Ok::<_, OutgoingError>(piece.map(|piece| (piece, answer)))
        });
        Ok(Response { status, headers, body: pieces.boxed() })
    }
}
