//! The requests of the protocol through the guarded door, with a bound on all that comes back.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use atc_core::ports::ToolServerError;
use atc_net::{Client, Request, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, ErrorData, RequestId, ServerJsonRpcMessage},
    transport::streamable_http_client::{
        SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    },
};
use serde::de::IgnoredAny;
use sse_stream::{Sse, SseStream};

use crate::client::failed;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// The door of one session.
#[derive(Clone)]
pub(crate) struct Door {
    net: Arc<Client>,
    session: Arc<Reading>,
}

/// How much of a session may still be read, and what went wrong first.
pub(crate) struct Reading {
    most: usize,
    left: AtomicUsize,
    fault: Mutex<Option<ToolServerError>>,
}

type Answer<T> = Result<T, StreamableHttpError<ToolServerError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

impl Reading {
    fn new(most: usize) -> Self {
        Self { most, left: AtomicUsize::new(most), fault: Mutex::default() }
    }

    /// What went wrong first, where anything did. The library above tells it in words of its own.
    pub fn fault(&self) -> Option<ToolServerError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, fault: ToolServerError) -> ToolServerError {
        let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(fault).clone()
    }

    /// Counts bytes that came.
    fn count(&self, piece: Bytes) -> Result<Bytes, ToolServerError> {
        let take = |left: usize| left.checked_sub(piece.len());
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(piece),
            Err(_) => Err(ToolServerError::TooLarge(self.most)),
        }
    }
}

impl Door {
    pub fn new(net: Arc<Client>, most: usize) -> Self {
        Self { net, session: Arc::new(Reading::new(most)) }
    }

    pub fn reading(&self) -> Arc<Reading> {
        Arc::clone(&self.session)
    }

    async fn ask(&self, request: Request) -> Result<Response, ToolServerError> {
        let response = self.net.exchange(request).await.map_err(failed)?;
        match response.status.as_u16() {
            status @ (401 | 403) => Err(ToolServerError::Unauthorized(status)),
            status @ 300..=399 => Err(ToolServerError::Redirected(status)),
            _ => Ok(response),
        }
    }

    /// The pieces of a body, counted.
    fn pieces(
        &self,
        body: BoxStream<'static, Result<Bytes, atc_core::ports::OutgoingError>>,
    ) -> impl Stream<Item = Result<Bytes, ToolServerError>> + Send + use<> {
        let session = Arc::clone(&self.session);
        body.map(move |piece| {
            let counted = piece.map_err(failed).and_then(|piece| session.count(piece));
            counted.map_err(|fault| session.note(fault))
        })
    }

    async fn whole(&self, response: Response) -> Result<Vec<u8>, ToolServerError> {
        let add = |mut whole: Vec<u8>, piece: Bytes| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        };
        self.pieces(response.body).try_fold(Vec::new(), add).await
    }

    /// The events of a stream; one that holds no JSON ends it.
    fn events(&self, response: Response) -> BoxStream<'static, Result<Sse, SseError>> {
        let session = Arc::clone(&self.session);
        let events = SseStream::from_bytes_stream(self.pieces(response.body));
        let checked = events.map(move |event| {
            let event = event?;
            let data = event.data.as_deref().unwrap_or_default();
            if data.trim().is_empty() || serde_json::from_str::<IgnoredAny>(data).is_ok() {
                return Ok(event);
            }
            let fault = session.note(ToolServerError::NotMcp("an event holds no JSON."));
            Err(SseError::Body(Box::new(fault)))
        });
        checked.boxed()
    }

    async fn post(
        &self,
        request: Request,
        message: &ClientJsonRpcMessage,
    ) -> Result<StreamableHttpPostResponse, ToolServerError> {
        let response = self.ask(request).await?;
        let asked = asked(message);
        let id =
            response.headers.get(SESSION_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let is = |media_type| is_of(&response.headers, media_type);
        let (events, json) = (is(EVENTS), is(JSON));
        if !response.status.is_success() {
            return self.refusal(response, message, json).await;
        }
        let Some(asked) = asked else {
            // A notification or an answer of ours: nothing is waited for.
            return Ok(StreamableHttpPostResponse::Accepted);
        };
        if events {
            return Ok(StreamableHttpPostResponse::Sse(self.events(response), id));
        }
        if !json {
            return Err(ToolServerError::NotMcp("its answer is neither JSON nor an event stream."));
        }
        let whole = self.whole(response).await?;
        let answer = serde_json::from_slice::<ServerJsonRpcMessage>(&whole)
            .map_err(|_| ToolServerError::NotMcp("its answer is no message of the protocol."))?;
        let answers = match &answer {
            ServerJsonRpcMessage::Response(answer) => is_same(asked, &answer.id),
            ServerJsonRpcMessage::Error(answer) => {
                answer.id.as_ref().is_none_or(|id| is_same(asked, id))
            }
            _ => false,
        };
        if !answers {
            return Err(ToolServerError::NotMcp("its answer belongs to no question of ours."));
        }
        Ok(StreamableHttpPostResponse::Json(answer, id))
    }

    /// What a status of failure means: an error of the protocol where the body holds one, and for a server
    /// that does not know `server/discover`, that it is older.
    async fn refusal(
        &self,
        response: Response,
        message: &ClientJsonRpcMessage,
        json: bool,
    ) -> Result<StreamableHttpPostResponse, ToolServerError> {
        let status = response.status;
        let error = if json {
            let whole = self.whole(response).await?;
            match serde_json::from_slice(&whole) {
                Ok(ServerJsonRpcMessage::Error(error)) => Some(error.error),
                _ => None,
            }
        } else {
            None
        };
        let discovers = is_discovery(message);
        let error = match (error, discovers) {
            (Some(error), _) => error,
            (None, true) => ErrorData::invalid_request("not known", None),
            (None, false) => return Err(ToolServerError::Status(status.as_u16())),
        };
        let answer = ServerJsonRpcMessage::error(error, asked(message).cloned());
        Ok(StreamableHttpPostResponse::Json(answer, None))
    }
}

impl StreamableHttpClient for Door {
    type Error = ToolServerError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Answer<StreamableHttpPostResponse> {
        let mut headers = headers(session_id.as_deref(), auth_header.as_deref(), custom_headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(ACCEPT, BOTH);
        let body = serde_json::to_vec(&message)?.into();
        let request = Request { method: Method::POST, url: uri.as_ref().to_owned(), headers, body };
        let posted = self.post(request, &message).await;
        posted.map_err(|fault| StreamableHttpError::Client(self.session.note(fault)))
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Answer<()> {
        let headers = headers(Some(&session_id), auth_header.as_deref(), custom_headers)?;
        let url = uri.as_ref().to_owned();
        let request = Request { method: Method::DELETE, url, headers, body: Bytes::new() };
        // Whatever it says to that: the session is over.
        let _ = self.ask(request).await;
        Ok(())
    }

    /// No stream beside the answers is opened or resumed: nobody would listen.
    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: Headers,
    ) -> Answer<BoxStream<'static, Result<Sse, SseError>>> {
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

/// The id of what is asked; `None` where no answer is waited for.
fn asked(message: &ClientJsonRpcMessage) -> Option<&RequestId> {
    match message {
        ClientJsonRpcMessage::Request(request) => Some(&request.id),
        _ => None,
    }
}

/// Some servers give a number back as a text.
fn is_same(asked: &RequestId, answered: &RequestId) -> bool {
    asked.to_string() == answered.to_string()
}

fn is_discovery(message: &ClientJsonRpcMessage) -> bool {
    matches!(message, ClientJsonRpcMessage::Request(r)
        if matches!(r.request, ClientRequest::DiscoverRequest(_)))
}

fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(media_type)
}

fn headers(session: Option<&str>, token: Option<&str>, custom: Headers) -> Answer<HeaderMap> {
    let secret = |text: &str| {
        let value = HeaderValue::from_str(text);
        value.map(|mut value| {
            value.set_sensitive(true);
            value
        })
    };
    let illegal = |_| StreamableHttpError::ReservedHeaderConflict("an illegal value".to_owned());
    let mut headers: HeaderMap = custom.into_iter().collect();
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, secret(&format!("Bearer {token}")).map_err(illegal)?);
    }
    if let Some(session) = session {
        headers.insert(SESSION_ID, secret(session).map_err(illegal)?);
    }
    Ok(headers)
}
