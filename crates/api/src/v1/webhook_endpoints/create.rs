//! `POST /webhook-endpoints`.

use atc_app::NewEndpointSecret;
use atc_core::{
    Error,
    error::Faults,
    text::Name,
    webhook::{EndpointUrl, NewWebhookEndpoint},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::EndpointSecretBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, not_null, permissions::WriteWebhooks},
    problem::Result,
    reply,
};

endpoint!(create_webhook_endpoint);

/// Have another system told what happens from now on.
///
/// Each event is sent as a signed POST after Standard Webhooks. The secret is shown in this answer and never again.
#[utoipa::path(
    post, path = "/webhook-endpoints", tag = "Webhooks", request_body = CreateEndpointBody,
    responses((status = 201, description = "The endpoint and its secret.",
        body = EndpointSecretBody))
)]
async fn create_webhook_endpoint(
    Can { ctx, .. }: Can<WriteWebhooks>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateEndpointBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |made: &NewEndpointSecret| {
        let location = format!("{}/webhook-endpoints/{}", crate::v1::PREFIX, made.endpoint.id);
        let version = Some(made.endpoint.version);
        reply::created(&EndpointSecretBody::from(made), Some(location), version)
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_webhook_endpoint(&ctx, new, remember).await?, render)
}

/// Another system to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateWebhookEndpoint, example = json!({
    "name": "Data warehouse", "url": "https://hooks.example.com/tickets",
    "events": ["ticket.created", "ticket.updated"]
}))]
struct CreateEndpointBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, required, nullable = false)]
    name: Option<String>,
    /// Where it is called: on the public internet over HTTPS, or where `OUTGOING_ALLOW` says.
    #[schema(pattern = "^https?://", max_length = 2000, required, nullable = false)]
    url: Option<String>,
    /// What it wants to hear of; everything, where it is left out or empty.
    #[schema(max_items = 50, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    events: Option<Vec<String>>,
}

impl TryFrom<CreateEndpointBody> for NewWebhookEndpoint {
    type Error = Error;

    fn try_from(body: CreateEndpointBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let name = faults.require("/name", body.name.map(Name::parse));
        let url = faults.require("/url", body.url.map(EndpointUrl::parse));
        let kinds = super::kinds(&mut faults, body.events.unwrap_or_default());
        let new = name.zip(url).zip(kinds).map(|((name, url), kinds)| Self { name, url, kinds });
        faults.finish(new)
    }
}
