//! Other systems that are told what happens.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod deliveries;
pub(super) mod delivery;
pub(super) mod get;
pub(super) mod list;
pub(super) mod replay;
pub(super) mod rotate_secret;
pub(super) mod update;

use atc_app::NewEndpointSecret;
use atc_core::{
    error::Faults,
    event::EventKind,
    webhook::{is_told, told_kinds},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    extract::{distinct, each},
    wire::EndpointBody,
};

/// The most kinds in a body, many times over.
const MAX_EVENTS: usize = 50;

/// An endpoint with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewWebhookEndpoint, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "Data warehouse",
    "url": "https://hooks.example.com/tickets", "events": [], "enabled": true,
    "disabled_reason": null, "failing_since": null, "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z", "version": 1,
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
}))]
struct EndpointSecretBody {
    #[serde(flatten)]
    endpoint: EndpointBody,
    /// With what calls are signed. Shown once.
    secret: String,
}

impl From<&NewEndpointSecret> for EndpointSecretBody {
    fn from(made: &NewEndpointSecret) -> Self {
        Self { endpoint: EndpointBody::from(&made.endpoint), secret: made.secret.clone() }
    }
}

/// Takes the kinds of events of a body, each once.
fn kinds(faults: &mut Faults, words: Vec<String>) -> Option<Vec<EventKind>> {
    let parse = |word: String| {
        let kind = EventKind::parse(&word).filter(|kind| is_told(*kind));
        kind.ok_or_else(|| {
            let known: Vec<_> = told_kinds().map(EventKind::as_str).collect();
            format!("Must be one of {}.", known.join(", "))
        })
    };
    Some(distinct(each(faults, "/events", words, MAX_EVENTS, parse)?))
}
