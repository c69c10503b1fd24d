//! `GET /teams`.

use axum::{extract::State, response::Response};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, ListUri, PageParams, Query, permissions::ReadTeams},
    problem::Result,
    reply::{self, PageBody},
    wire::TeamBody,
};

endpoint!(list_teams);

/// List teams, by their names.
#[utoipa::path(
    get, path = "/teams", tag = "Teams", params(PageParams),
    responses((status = 200, description = "A page of teams.", body = PageBody<TeamBody>))
)]
async fn list_teams(
    _: Can<ReadTeams>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let after = turn.position::<String>(&uri)?;
    let (limit, total) = (turn.limit(), turn.include_total());
    let page = state.app.list_teams(limit, after.as_deref(), total).await?;
    Ok(reply::page(page, &uri, |p: &String| Cursor::at(p), |team| TeamBody::from(&team)))
}
