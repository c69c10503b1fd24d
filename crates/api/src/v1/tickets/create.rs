//! `POST /tickets`.

use atc_core::{
    Error,
    category::Slug,
    error::Faults,
    id::{TeamId, UserId},
    json::RawJson,
    text::{Description, Title},
    ticket::NewTicket,
    user::Email,
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{created, fields};
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, permissions::CreateTicket},
    problem::Result,
    reply,
    v1::tags::tags,
    wire::{Priority, Source, TicketBody},
};

endpoint!(create_ticket);

/// Make a ticket.
///
/// Category and priority that are left out are filled by triage; what the caller sets is never
/// overwritten, and triage learns from it.
#[utoipa::path(
    post, path = "/tickets", tag = "Tickets", request_body = CreateTicketBody,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        pattern = "^[!-~]{1,255}$",
        description = "Makes a repeat harmless: within 24 hours it gets the first answer again.")),
    responses((status = 201, description = "The ticket.", body = TicketBody, headers(
        ("Location" = String, description = "Where it is."),
        ("ETag" = String, description = "Its version."),
    )))
)]
async fn create_ticket(
    Can { ctx, .. }: Can<CreateTicket>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateTicketBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, created);
    reply::outcome(state.app.create_ticket(&ctx, new, remember).await?, created)
}

/// A ticket to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateTicket, example = json!({
    "title": "Charged twice in October",
    "description": "Our card was charged twice for INV-20417. Please refund one of them."
}))]
struct CreateTicketBody {
    /// One line that says what it is about.
    #[schema(min_length = 1, max_length = 200, required, nullable = false)]
    title: Option<String>,
    /// The whole story.
    #[schema(max_length = 50_000, required, nullable = false)]
    description: Option<String>,
    /// How pressing it is; triage says where it is left out.
    #[schema(nullable)]
    priority: Option<Priority>,
    /// The slug of its category; triage says where it is left out.
    category: Option<String>,
    /// Words that group it with others; at most 20 of 1 to 40 characters.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// Files that were uploaded before.
    attachment_ids: Option<Vec<Uuid>>,
    /// Whatever the client keeps with it, up to 16 KB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// Which door it came through; `api` where it is left out.
    #[schema(nullable)]
    source: Option<Source>,
    /// Who shall work on it (agents and administrators only).
    assignee_id: Option<Uuid>,
    /// Which team it belongs to (agents and administrators only).
    team_id: Option<Uuid>,
    /// For whom it is made (agents and administrators only).
    #[schema(format = "email")]
    requester_email: Option<String>,
}

impl TryFrom<CreateTicketBody> for NewTicket {
    type Error = Error;

    fn try_from(body: CreateTicketBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let title = faults.require("/title", body.title.map(Title::parse));
        let description = faults.require("/description", body.description.map(Description::parse));
        let category = body.category.and_then(|c| faults.take("/category", Slug::parse(c)));
        let tags = tags(&mut faults, body.tags.unwrap_or_default());
        let attachment_ids =
            fields::attachments(&mut faults, body.attachment_ids.unwrap_or_default());
        let metadata = match &body.metadata {
            Some(object) => fields::metadata(&mut faults, object),
            None => Some(RawJson::empty_object()),
        };
        let requester_email =
            body.requester_email.and_then(|e| faults.take("/requester_email", Email::parse(e)));
        let parts = title.zip(description).zip(tags).zip(attachment_ids).zip(metadata);
        let new = parts.map(|((((title, description), tags), attachment_ids), metadata)| Self {
            title,
            description,
            priority: body.priority.map(Into::into),
            category,
            tags,
            attachment_ids,
            metadata,
            source: body.source.map(Into::into).unwrap_or_default(),
            assignee_id: body.assignee_id.map(UserId),
            team_id: body.team_id.map(TeamId),
            requester_email,
        });
        faults.finish(new)
    }
}
