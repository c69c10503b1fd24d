//! `PATCH /teams/{id}`.

use atc_core::{Error, error::Faults, id::TeamId, team::TeamPatch, text::Name};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, not_null, permissions::WriteTeams},
    problem::Result,
    reply,
    wire::{Strategy, TeamBody},
};

endpoint!(update_team);

/// Change a team.
#[utoipa::path(
    patch, path = "/teams/{id}", tag = "Teams", request_body = UpdateTeamBody,
    params(("id" = uuid::Uuid, Path, description = "The team.")),
    responses((status = 200, description = "The team.", body = TeamBody))
)]
async fn update_team(
    Can { ctx, .. }: Can<WriteTeams>,
    State(state): State<ApiState>,
    Id(id): Id<TeamId>,
    headers: HeaderMap,
    body: Body<UpdateTeamBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let team = state.app.update_team(&ctx, id, patch, &if_match(&headers)?).await?;
    Ok(reply::changed(&TeamBody::from(&team), team.version))
}

/// A change to a team: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateTeam, example = json!({"strategy": "least_loaded"}))]
struct UpdateTeamBody {
    /// A new name.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    /// New members, in place of all old ones.
    #[schema(max_items = 500, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    member_ids: Option<Vec<Uuid>>,
    /// Another way to share tickets.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    strategy: Option<Strategy>,
}

impl TryFrom<UpdateTeamBody> for TeamPatch {
    type Error = Error;

    fn try_from(body: UpdateTeamBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let patch = Self {
            name: body.name.and_then(|n| faults.take("/name", Name::parse(n))),
            member_ids: body.member_ids.and_then(|ids| super::members(&mut faults, ids)),
            strategy: body.strategy.map(Into::into),
        };
        faults.finish(Some(patch))
    }
}
