//! One call: the request is sent, and of the answer a bounded part is read.

use std::{pin::pin, time::Duration};

use atc_core::{
    agent::{ApiKey, ProviderKind},
    chat::{ChatAnswer, ChatRequest},
};
use atc_net::{Answer, CallError, Direct};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::Value;
use sse_stream::SseStream;
use tokio::time::timeout;
use url::Url;

use crate::{
    anthropic,
    fault::Fault,
    gathered::{Gathered, Teller},
    openai,
};

/// Of the body of a refusal, so many bytes are read.
const REFUSAL: usize = 64 * 1024;
/// And for so long.
const REFUSAL_WAIT: Duration = Duration::from_secs(1);
/// A stream wraps each word in so many times its length, roughly.
const WRAPPING: usize = 8;

/// Where a provider is asked.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub client: Direct,
    pub url: Url,
    pub kind: ProviderKind,
    pub key: Option<ApiKey>,
    /// The most bytes of an answer.
    pub answer_bytes: usize,
}

/// Reads the answers of one API.
enum Reader {
    OpenAi(openai::Reader),
    Anthropic(anthropic::Reader),
}

/// Why no more of a body is read.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error(transparent)]
    Broken(#[from] CallError),
    #[error("the answer is too long")]
    TooLong,
}

impl Endpoint {
    /// Asks once. Nothing here limits the time; dropping the future ends the call.
    pub async fn ask(
        &self,
        request: &ChatRequest,
        teller: &mut Teller<'_>,
    ) -> Result<ChatAnswer, Fault> {
        let body = match self.kind {
            ProviderKind::Anthropic => anthropic::request(request, teller.listens())?,
            kind => openai::request(kind, request, teller.listens())?,
        };
        let body = Bytes::from(body.to_string());
        let mut answer = self.client.post(&self.url, &self.headers(), body).await?;
        if answer.status() != 200 {
            let begun = begun(&mut answer).await;
            return Err(Fault::of_status(&answer, &begun, request, self.key()));
        }
        let mut gathered = Gathered::default();
        let form = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let mut reader = Reader::new(self.kind);
        if form.starts_with("text/event-stream") {
            self.stream(answer, request, &mut reader, &mut gathered, teller).await?;
        } else if form.starts_with("application/json") {
            let body = whole(answer, self.answer_bytes).await?;
            let body = serde_json::from_slice(&body)
                .map_err(|_| Fault::malformed("What came is no JSON."))?;
            if is_error(&body) {
                return Err(Fault::of_event(&body, request, self.key()));
            }
            reader.whole(body, &mut gathered, teller)?;
            reader.end(&mut gathered, teller);
        } else {
            return Err(Fault::malformed("What came is neither JSON nor a stream of events."));
        }
        Ok(gathered.answer(&request.model))
    }

    fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ApiKey::expose)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match (self.kind, self.key()) {
            (ProviderKind::Anthropic, key) => {
                let version = ("anthropic-version", anthropic::VERSION.to_owned());
                key.map(|key| ("x-api-key", key.to_owned())).into_iter().chain([version]).collect()
            }
            (_, Some(key)) => vec![("authorization", format!("Bearer {key}"))],
            (_, None) => Vec::new(),
        }
    }

    async fn stream(
        &self,
        answer: Answer,
        request: &ChatRequest,
        reader: &mut Reader,
        gathered: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<(), Fault> {
        let bytes = pieces(answer, self.answer_bytes.saturating_mul(WRAPPING));
        let mut events = pin!(SseStream::from_bytes_stream(bytes));
        while let Some(event) = events.next().await {
            let event = match event {
                Ok(event) => event,
                // Only the mark of the end was missing.
                Err(_) if gathered.stop.is_some() => break,
                Err(e) => return Err(of_stream(e)),
            };
            let Some(data) = event.data.filter(|data| !data.is_empty()) else { continue };
            if data == "[DONE]" {
                reader.mark();
                break;
            }
            let event = serde_json::from_str(&data)
                .map_err(|_| Fault::malformed("An event of the stream is no JSON."))?;
            if is_error(&event) {
                return Err(Fault::of_event(&event, request, self.key()));
            }
            if reader.event(event, gathered, teller)? {
                break;
            }
        }
        if reader.end(gathered, teller) { Ok(()) } else { Err(Fault::broke_off()) }
    }
}

impl Reader {
    fn new(kind: ProviderKind) -> Self {
        match kind {
            ProviderKind::Anthropic => Self::Anthropic(anthropic::Reader::default()),
            kind => Self::OpenAi(openai::Reader::new(kind)),
        }
    }

    fn whole(
        &mut self,
        body: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<(), Fault> {
        match self {
            Self::OpenAi(reader) => reader.whole(body, into, teller),
            Self::Anthropic(reader) => reader.whole(body, into, teller),
        }
    }

    /// Reads one event of a stream; `true`: it was the last.
    fn event(
        &mut self,
        event: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<bool, Fault> {
        match self {
            Self::OpenAi(reader) => reader.event(event, into, teller).map(|()| false),
            Self::Anthropic(reader) => reader.event(event, into, teller),
        }
    }

    fn mark(&mut self) {
        if let Self::OpenAi(reader) = self {
            reader.mark();
        }
    }

    /// Nothing more comes: whether the answer is whole.
    fn end(&mut self, into: &mut Gathered, teller: &mut Teller<'_>) -> bool {
        match self {
            Self::OpenAi(reader) => reader.end(into, teller),
            Self::Anthropic(reader) => reader.end(into),
        }
    }
}

/// Whether a provider speaks of an error where an answer was expected.
fn is_error(body: &Value) -> bool {
    let named = body.get("error").is_some_and(|error| !error.is_null());
    named || body["type"] == "error" || body["object"] == "error"
}

fn of_stream(e: sse_stream::Error) -> Fault {
    let sse_stream::Error::Body(e) = e else {
        return Fault::malformed("What came is no stream of events.");
    };
    e.downcast::<Cut>().map_or_else(|_| Fault::broke_off(), |cut| (*cut).into())
}

impl From<Cut> for Fault {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Broken(_) => Self::broke_off(),
            Cut::TooLong => Self::malformed("The answer is too long and was cut."),
        }
    }
}

/// The pieces of a body, at most so many bytes.
fn pieces(answer: Answer, most: usize) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold((answer, most), |(mut answer, room)| async move {
        let Some(piece) = answer.piece().await? else { return Ok(None) };
        let room = room.checked_sub(piece.len()).ok_or(Cut::TooLong)?;
        Ok(Some((piece, (answer, room))))
    })
}

async fn whole(answer: Answer, most: usize) -> Result<Vec<u8>, Cut> {
    let mut pieces = pin!(pieces(answer, most));
    let mut body = Vec::new();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece?);
    }
    Ok(body)
}

/// The beginning of a body, as far as it comes soon: what matters of a refusal is its head.
async fn begun(answer: &mut Answer) -> Vec<u8> {
    let mut body = Vec::new();
    let all = async {
        while body.len() < REFUSAL
            && let Ok(Some(piece)) = answer.piece().await
        {
            body.extend_from_slice(&piece);
        }
    };
    let _ = timeout(REFUSAL_WAIT, all).await;
    body
}
