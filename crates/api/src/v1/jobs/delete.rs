//! `DELETE /jobs/{id}`.

use atc_core::job::JobId;
use axum::extract::State;
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageJobs},
    problem::Result,
};

endpoint!(delete_job);

/// Delete a job with its history, unless it runs.
#[utoipa::path(
    delete, path = "/jobs/{id}", tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "The job.")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_job(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<StatusCode> {
    state.app.delete_job(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
