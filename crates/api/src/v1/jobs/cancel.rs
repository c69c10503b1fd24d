//! `POST /jobs/{id}/cancel`.

use atc_core::job::JobId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageJobs},
    problem::Result,
    wire::JobDetailBody,
};

endpoint!(cancel_job);

/// Cancel a job.
///
/// One that waits or runs. A run notices within some seconds; nothing that it does counts from now on.
#[utoipa::path(
    post, path = "/jobs/{id}/cancel", tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "The job.")),
    responses((status = 200, description = "The job.", body = JobDetailBody))
)]
async fn cancel_job(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Json<JobDetailBody>> {
    Ok(Json(state.app.cancel_job(&ctx, id).await?.into()))
}
