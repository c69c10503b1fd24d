//! `DELETE /teams/{id}`.

use atc_core::id::TeamId;
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::WriteTeams},
    problem::Result,
};

endpoint!(delete_team);

/// Delete a team; its tickets and categories stay, without a team.
#[utoipa::path(
    delete, path = "/teams/{id}", tag = "Teams",
    params(("id" = uuid::Uuid, Path, description = "The team.")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_team(
    _: Can<WriteTeams>,
    State(state): State<ApiState>,
    Id(id): Id<TeamId>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_team(id, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
