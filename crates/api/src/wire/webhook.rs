//! Webhooks: who is told, what they are told, and how that went.

use atc_app::Told;
use atc_core::webhook::{DeliveryAttempt, WebhookDelivery, WebhookEndpoint};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DeliveryState, DisabledReason, event::DataBody};

/// Another system that is told what happens, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "Data warehouse",
    "url": "https://hooks.example.com/tickets", "events": ["ticket.created"], "enabled": true,
    "disabled_reason": null, "failing_since": null, "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z", "version": 1
}))]
pub(crate) struct EndpointBody {
    /// Its identity.
    id: Uuid,
    /// What people call it.
    name: String,
    /// Where it is called.
    url: String,
    /// What it wants to hear of; empty for everything.
    events: Vec<&'static str>,
    /// Whether it is called.
    enabled: bool,
    /// Why it is not.
    disabled_reason: Option<DisabledReason>,
    /// Since when every call has failed; null where the last one went well.
    failing_since: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Grows with each change.
    version: i64,
}

impl From<&WebhookEndpoint> for EndpointBody {
    fn from(e: &WebhookEndpoint) -> Self {
        Self {
            id: e.id.0,
            name: e.name.as_str().to_owned(),
            url: e.url.as_str().to_owned(),
            events: e.kinds.iter().map(|kind| kind.as_str()).collect(),
            enabled: e.disabled.is_none(),
            disabled_reason: e.disabled.map(Into::into),
            failing_since: e.failing_since,
            created_at: e.created_at,
            updated_at: e.updated_at,
            version: e.version,
        }
    }
}

/// One event on its way to one other system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12", "type": "ticket.created", "state": "delivered",
    "attempts": 1, "event_at": "2026-01-31T12:00:00Z", "created_at": "2026-01-31T12:00:00Z",
    "finished_at": "2026-01-31T12:00:01Z"
}))]
pub(crate) struct DeliveryBody {
    /// Its identity; `webhook-id` is `msg_` and this without hyphens.
    id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    kind: &'static str,
    /// How far it is.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u16,
    /// When it happened.
    event_at: DateTime<Utc>,
    /// When it was written down to be told.
    created_at: DateTime<Utc>,
    /// When it was taken or given up.
    finished_at: Option<DateTime<Utc>>,
}

impl From<&WebhookDelivery> for DeliveryBody {
    fn from(d: &WebhookDelivery) -> Self {
        Self {
            id: d.id.0,
            kind: d.event.kind.as_str(),
            state: d.state.into(),
            attempts: d.attempts,
            event_at: d.event.at,
            created_at: d.created_at,
            finished_at: d.finished_at,
        }
    }
}

/// A delivery with what is sent and every attempt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryDetail, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12", "type": "ticket.created", "state": "pending",
    "attempts": 1, "event_at": "2026-01-31T12:00:00Z", "created_at": "2026-01-31T12:00:00Z",
    "finished_at": null, "body": "{\"type\":\"ticket.created\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"data\":{}}",
    "history": [{
        "number": 1, "at": "2026-01-31T12:00:00Z", "duration_ms": 81, "status": 503, "error": null,
        "answer": "Down for maintenance"
    }]
}))]
pub(crate) struct DeliveryDetailBody {
    #[serde(flatten)]
    delivery: DeliveryBody,
    /// The JSON text that is sent, the same at every attempt; null before the first.
    body: Option<String>,
    /// Every attempt, first to last.
    history: Vec<AttemptBody>,
}

/// One attempt at a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt, example = json!({
    "number": 1, "at": "2026-01-31T12:00:00Z", "duration_ms": 81, "status": 503, "error": null,
    "answer": "Down for maintenance"
}))]
struct AttemptBody {
    /// The first is 1.
    number: u16,
    /// When it began.
    at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    duration_ms: u32,
    /// The status code of the answer.
    status: Option<u16>,
    /// Why there was no answer.
    error: Option<String>,
    /// How the text of the answer began.
    answer: Option<String>,
}

impl From<(WebhookDelivery, Option<String>, Vec<DeliveryAttempt>)> for DeliveryDetailBody {
    fn from((d, body, attempts): (WebhookDelivery, Option<String>, Vec<DeliveryAttempt>)) -> Self {
        let attempt = |a: DeliveryAttempt| AttemptBody {
            number: a.number,
            at: a.at,
            duration_ms: a.duration_ms,
            status: a.status,
            error: a.error,
            answer: a.answer,
        };
        let history = attempts.into_iter().map(attempt).collect();
        Self { delivery: DeliveryBody::from(&d), body, history }
    }
}

/// What another system is told (Standard Webhooks, "Payload structure").
#[derive(Serialize)]
struct MessageBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: DateTime<Utc>,
    data: &'a DataBody,
}

/// What other systems are told of an event, as JSON.
#[must_use]
pub fn webhook_text(told: &Told) -> String {
    let event = &told.event;
    let body = MessageBody { kind: event.kind.as_str(), timestamp: event.at, data: &told.into() };
    // Structs of plain values always serialise.
    serde_json::to_string(&body).unwrap_or_default()
}
