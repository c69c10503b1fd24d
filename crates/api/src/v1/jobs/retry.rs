//! `POST /jobs/{id}/retry`.

use atc_core::job::JobId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageJobs},
    problem::Result,
    wire::JobDetailBody,
};

endpoint!(retry_job);

/// Try a job again.
///
/// One that failed, is dead or was cancelled; with all its attempts before it.
#[utoipa::path(
    post, path = "/jobs/{id}/retry", tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "The job.")),
    responses((status = 200, description = "The job.", body = JobDetailBody))
)]
async fn retry_job(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Json<JobDetailBody>> {
    Ok(Json(state.app.retry_job(&ctx, id).await?.into()))
}
