//! `DELETE /auth/grants/{id}`.

use atc_core::id::GrantId;
use axum::extract::State;
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageGrants},
    problem::Result,
};

endpoint!(end_grant);

/// End what one lets another program do.
///
/// Its tokens no longer work.
#[utoipa::path(
    delete, path = "/auth/grants/{id}", tag = "Accounts",
    params(("id" = uuid::Uuid, Path, description = "The grant.")),
    responses((status = 204, description = "Ended."))
)]
async fn end_grant(
    Can { ctx, .. }: Can<ManageGrants>,
    State(state): State<ApiState>,
    Id(id): Id<GrantId>,
) -> Result<StatusCode> {
    state.app.end_grant(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
