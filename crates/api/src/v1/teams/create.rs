//! `POST /teams`.

use atc_core::{
    Error,
    error::Faults,
    team::{NewTeam, Team},
    text::Name,
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, permissions::WriteTeams},
    problem::Result,
    reply, v1,
    wire::{Strategy, TeamBody},
};

endpoint!(create_team);

/// Make a team.
#[utoipa::path(
    post, path = "/teams", tag = "Teams", request_body = CreateTeamBody,
    responses((status = 201, description = "The team.", body = TeamBody))
)]
async fn create_team(
    Can { ctx, .. }: Can<WriteTeams>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateTeamBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |team: &Team| {
        let location = format!("{}/teams/{}", v1::PREFIX, team.id);
        reply::created(&TeamBody::from(team), Some(location), Some(team.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_team(&ctx, new, remember).await?, render)
}

/// A team to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateTeam, example = json!({
    "name": "First line", "member_ids": ["0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12"],
    "strategy": "round_robin"
}))]
struct CreateTeamBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 100, required, nullable = false)]
    name: Option<String>,
    /// Its members, agents or administrators, in the order in which they take turns.
    #[schema(max_items = 500)]
    member_ids: Option<Vec<Uuid>>,
    /// How it shares tickets; `round_robin` where it is left out.
    #[schema(nullable)]
    strategy: Option<Strategy>,
}

impl TryFrom<CreateTeamBody> for NewTeam {
    type Error = Error;

    fn try_from(body: CreateTeamBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let name = faults.require("/name", body.name.map(Name::parse));
        let members = super::members(&mut faults, body.member_ids.unwrap_or_default());
        let strategy = body.strategy.map(Into::into).unwrap_or_default();
        let new = name.zip(members).map(|(name, member_ids)| Self { name, member_ids, strategy });
        faults.finish(new)
    }
}
