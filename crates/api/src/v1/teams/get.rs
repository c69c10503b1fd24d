//! `GET /teams/{id}`.

use atc_core::id::TeamId;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadTeams},
    problem::Result,
    reply,
    wire::TeamBody,
};

endpoint!(get_team);

/// See a team.
#[utoipa::path(
    get, path = "/teams/{id}", tag = "Teams",
    params(("id" = uuid::Uuid, Path, description = "The team.")),
    responses((status = 200, description = "The team.", body = TeamBody))
)]
async fn get_team(
    _: Can<ReadTeams>,
    State(state): State<ApiState>,
    Id(id): Id<TeamId>,
    headers: HeaderMap,
) -> Result<Response> {
    let team = state.app.get_team(id).await?;
    reply::one(&TeamBody::from(&team), team.version, &headers)
}
