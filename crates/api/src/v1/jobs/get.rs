//! `GET /jobs/{id}`.

use atc_core::job::JobId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadJobs},
    problem::Result,
    wire::JobDetailBody,
};

endpoint!(get_job);

/// See a job with its payload and its history.
///
/// What may be a secret in the payload is left out.
#[utoipa::path(
    get, path = "/jobs/{id}", tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "The job.")),
    responses((status = 200, description = "The job.", body = JobDetailBody))
)]
async fn get_job(
    _: Can<ReadJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Json<JobDetailBody>> {
    Ok(Json(state.app.get_job(id).await?.into()))
}
