//! `PUT` and `PATCH /tickets/{id}`.

use atc_core::{
    Error,
    category::Slug,
    error::Faults,
    id::{TeamId, TicketRef, UserId},
    text::{Description, Title},
    ticket::TicketPatch,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields;
use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, double_option, not_null, patch_of, permissions::UpdateTicket},
    problem::Result,
    reply,
    v1::tags::tags,
    wire::{Priority, Status, TicketBody},
};

endpoint!(update_ticket);

/// Change a ticket.
///
/// Only what is mentioned changes, with `PUT` as with `PATCH`. Users edit title, description, tags
/// and metadata of their own tickets, close and reopen them; agents and administrators edit all.
/// A category or priority that a person gives is a label that triage learns from.
#[utoipa::path(
    method(put, patch), path = "/tickets/{id}", tag = "Tickets", request_body = UpdateTicketBody,
    params(
        ("id" = String, Path, description = "Its id or its number.", example = "42"),
        ("If-Match" = Option<String>, Header,
            description = "Change it only if this is still its version; else 412.")
    ),
    responses((status = 200, description = "The ticket.", body = TicketBody,
        headers(("ETag" = String, description = "Its new version."))))
)]
async fn update_ticket(
    Can { ctx, .. }: Can<UpdateTicket>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    headers: HeaderMap,
    body: Body<UpdateTicketBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let ticket = state.app.update_ticket(&ctx, reference, patch, &if_match(&headers)?).await?;
    let version = ticket.version;
    Ok(reply::changed(&TicketBody::from(ticket), version))
}

/// A change to a ticket: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateTicket, example = json!({"status": "in_progress", "priority": "high"}))]
#[expect(clippy::option_option, reason = "absent, null, or a value")]
struct UpdateTicketBody {
    /// A new title.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    title: Option<String>,
    /// A new description.
    #[schema(max_length = 50_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    description: Option<String>,
    /// A new status. `closed` and `cancelled` go only to `open`.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    status: Option<Status>,
    /// A new priority.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    priority: Option<Priority>,
    /// The slug of another category.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    category: Option<String>,
    /// New tags, in place of all old ones.
    #[schema(max_items = 20, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    tags: Option<Vec<String>>,
    /// New metadata, in place of the old.
    #[schema(value_type = Object, required = false, nullable = false)]
    metadata: Option<Map<String, Value>>,
    /// Another person, or `null` for nobody.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    /// Another team, or `null` for none.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    team_id: Option<Option<Uuid>>,
}

impl TryFrom<UpdateTicketBody> for TicketPatch {
    type Error = Error;

    fn try_from(body: UpdateTicketBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let patch = Self {
            title: body.title.and_then(|t| faults.take("/title", Title::parse(t))),
            description: body
                .description
                .and_then(|d| faults.take("/description", Description::parse(d))),
            status: body.status.map(Into::into),
            priority: body.priority.map(Into::into),
            category: body.category.and_then(|c| faults.take("/category", Slug::parse(c))),
            tags: body.tags.and_then(|t| tags(&mut faults, t)),
            metadata: body.metadata.and_then(|m| fields::metadata(&mut faults, &m)),
            assignee_id: patch_of(body.assignee_id, UserId),
            team_id: patch_of(body.team_id, TeamId),
        };
        faults.finish(Some(patch))
    }
}
