//! An answer as Server-Sent Events, while it is being written.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use atc_app::{App, AssistantNews, AssistantReply, ConnectionPermit, Saying};
use atc_core::{
    Ctx, Error, ErrorCode,
    idempotency::{Outcome, Remember},
};
use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures::stream;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::say::answered;
use crate::{
    ApiState,
    problem::{self, Problem, Result},
    wire::AgentActionBody,
};

/// How often a comment is sent, so that nothing between us and the client thinks it is dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type Answering = Pin<Box<dyn Future<Output = atc_core::Result<Outcome<AssistantReply>>> + Send>>;

/// An answer on its way. Dropping it ends the work on the answer.
struct Streamed {
    app: Arc<App>,
    request_id: String,
    /// `None` once the answer is there.
    answering: Option<Answering>,
    news: UnboundedReceiver<AssistantNews>,
    /// What ends the stream, when all news were told.
    last: Option<Event>,
    first: Option<Event>,
    _permit: ConnectionPermit,
}

/// Answers with a stream. What is wrong with the request itself is a plain problem.
pub(super) async fn open(
    state: &ApiState,
    ctx: Ctx,
    saying: Saying,
    remember: Option<Remember<'static, AssistantReply>>,
) -> Result<Response> {
    let app = Arc::clone(&state.app);
    let permit = app.open_connection(ctx.caller.user_id, state.config.max_sockets_per_user)?;
    let (sender, news) = unbounded_channel();
    let request_id = ctx.request_id.clone();
    let answering: Answering = Box::pin({
        let app = Arc::clone(&app);
        async move { app.say_to_assistant(&ctx, saying, remember, Some(&sender)).await }
    });
    let mut streamed = Streamed {
        app,
        request_id,
        answering: Some(answering),
        news,
        last: None,
        first: None,
        _permit: permit,
    };
    streamed.begin().await?;
    let events = stream::unfold(streamed, |mut streamed| async move {
        let event = streamed.next().await?;
        Some((Ok::<_, Infallible>(event), streamed))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

impl Streamed {
    /// Waits for the first event, or for the failure that comes before any.
    async fn begin(&mut self) -> Result<()> {
        let Some(answering) = &mut self.answering else { return Ok(()) };
        tokio::select! {
            biased;
            Some(news) = self.news.recv() => self.first = Some(event_of(&news)),
            outcome = answering => {
                self.answering = None;
                self.last = Some(match outcome {
                    Ok(outcome) => message(outcome),
                    Err(e) => return Err(Problem::from(e)),
                });
            }
        }
        Ok(())
    }

    /// The next event; `None` when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let Some(answering) = &mut self.answering else {
                // Everything that was told before the end comes before it.
                return match self.news.try_recv() {
                    Ok(news) => Some(event_of(&news)),
                    Err(_) => self.last.take(),
                };
            };
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => return Some(event_of(&news)),
                () = self.app.shutdown_token().cancelled() => {
                    self.answering = None;
                    let detail = "The server ends; send the message again.";
                    self.last = Some(self.failure(&Error::unavailable(detail, 1)));
                }
                outcome = answering => {
                    self.answering = None;
                    self.last = Some(match outcome {
                        Ok(outcome) => message(outcome),
                        Err(e) => self.failure(&e),
                    });
                }
            }
        }
    }

    fn failure(&self, error: &Error) -> Event {
        if error.code == ErrorCode::Internal {
            tracing::error!(request_id = %self.request_id,
                error = error as &dyn std::error::Error, "a streamed answer failed");
        }
        Event::default().event("error").data(problem::text(error, &self.request_id))
    }
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
}

fn event_of(news: &AssistantNews) -> Event {
    match news {
        AssistantNews::Words(text) => Event::default().event("delta").data(json(&Words { text })),
        AssistantNews::Tool(name) => Event::default().event("tool").data(json(&Called { name })),
        AssistantNews::Action(action) => {
            Event::default().event("action").data(json(&AgentActionBody::from(&**action)))
        }
    }
}

fn message(outcome: Outcome<AssistantReply>) -> Event {
    let stored = match outcome {
        Outcome::Created(reply) => answered(&reply),
        Outcome::Replayed(stored) => stored,
    };
    Event::default().event("message").data(String::from_utf8_lossy(&stored.body))
}

/// Structs of plain values always serialise.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
