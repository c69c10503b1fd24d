//! `POST /assistant/messages`.

use std::time::Duration;

use atc_app::{AssistantReply, Saying};
use atc_core::{
    Error,
    error::Faults,
    id::{ConversationId, TicketId},
    idempotency::StoredAnswer,
    text::PlainText,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::stream;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, not_null, permissions::AskAssistant},
    problem::Result,
    reply,
    wire::AssistantReplyBody,
};

endpoint!(say_to_assistant);

/// What is left of a request's time for everything but the answer.
const MARGIN: Duration = Duration::from_secs(5);
/// How long a streamed answer may take at most; the agent's own deadline is shorter.
const STREAMED: Duration = Duration::from_mins(5);

/// Say something to the customer support agent.
///
/// It looks things up with your own rights, answers with its sources, and makes or proposes tickets and
/// comments; with `confirm` everything is proposed and nothing written. Where something essential is missing,
/// the answer is one question. Without a language model the embedded engine answers from articles, tickets
/// and your own words; `degraded` says that a configured model did not answer.
///
/// With `Accept: text/event-stream` the answer is a stream of Server-Sent Events: `delta` (`{"text"}`, words
/// as they come), `tool` (`{"name"}`, a tool is called; words before it are no part of the answer), `action`
/// (something was done or proposed), and at the end `message` (the whole answer, which replaces the words) or
/// `error` (a problem document). Closing the connection ends the work on the answer.
#[utoipa::path(
    post, path = "/assistant/messages", tag = "Assistant", request_body = SayBody,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        pattern = "^[!-~]{1,255}$",
        description = "Makes a repeat harmless: within 24 hours it gets the first answer again.")),
    responses((status = 200, description = "The answer.", content(
        (AssistantReplyBody = "application/json"), (String = "text/event-stream")
    )))
)]
async fn say_to_assistant(
    Can { ctx, .. }: Can<AskAssistant>,
    State(state): State<ApiState>,
    headers: HeaderMap,
    once: Once,
    body: Body<SayBody>,
) -> Result<Response> {
    let digest = body.digest;
    let mut saying: Saying = body.value.try_into()?;
    let caller = Some(ctx.caller.user_id);
    if accepts_stream(&headers) {
        saying.within = STREAMED;
        let remember = once.remember(caller, &digest, answered);
        return stream::open(&state, ctx, saying, remember).await;
    }
    saying.within = state.config.request_timeout.saturating_sub(MARGIN).max(MARGIN);
    let remember = once.remember(caller, &digest, answered);
    let outcome = state.app.say_to_assistant(&ctx, saying, remember, None).await?;
    reply::outcome(outcome, answered)
}

/// The answer, in the form in which it can be kept and given again.
pub(super) fn answered(reply: &AssistantReply) -> StoredAnswer {
    let headers = vec![(header::CONTENT_TYPE.to_string(), "application/json".to_owned())];
    // Structs of plain values always serialise.
    let body = serde_json::to_vec(&AssistantReplyBody::from(reply)).unwrap_or_default();
    StoredAnswer { status: StatusCode::OK.as_u16(), headers, body }
}

fn accepts_stream(headers: &HeaderMap) -> bool {
    crate::v1::events::accepts_stream(headers)
}

/// Something for the agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssistantMessage, example = json!({
    "message": "My invoice of October was charged twice. What can I do?", "confirm": true
}))]
struct SayBody {
    /// The words.
    #[schema(min_length = 1, max_length = 50_000, required, nullable = false)]
    message: Option<String>,
    /// The conversation that this goes on with; left out, a new one begins.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    conversation_id: Option<Uuid>,
    /// The ticket that the conversation is about.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    ticket_id: Option<Uuid>,
    /// Whether everything is shown as a proposal before it is written.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, default = false)]
    confirm: Option<bool>,
}

impl TryFrom<SayBody> for Saying {
    type Error = Error;

    fn try_from(body: SayBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let text = faults.require("/message", body.message.map(PlainText::parse));
        faults.finish(text.map(|text| Self {
            text,
            conversation: body.conversation_id.map(ConversationId),
            ticket: body.ticket_id.map(TicketId),
            confirm: body.confirm.unwrap_or(false),
            within: Duration::ZERO,
        }))
    }
}
