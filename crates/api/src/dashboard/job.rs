//! One job: looking at it, and what can be done with it.

use atc_core::job::JobId;
use axum::{extract::State, response::Redirect};
use maud::Markup;

use super::view::{self, Frame};
use crate::{
    ApiState,
    extract::{
        Can, Id,
        permissions::{ManageJobs, ReadJobs},
    },
    problem::Result,
};

/// `GET /jobs/{id}`.
pub(super) async fn page(
    Can { ctx, .. }: Can<ReadJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Markup> {
    let detail = state.app.get_job(id).await?;
    let now = state.app.jobs_now().await?;
    Ok(view::job(&Frame::of(&ctx), now, &detail))
}

/// `POST /jobs/{id}/retry`.
pub(super) async fn retry(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Redirect> {
    state.app.retry_job(&ctx, id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")))
}

/// `POST /jobs/{id}/cancel`.
pub(super) async fn cancel(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Redirect> {
    state.app.cancel_job(&ctx, id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")))
}

/// `POST /jobs/{id}/delete`.
pub(super) async fn delete(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(id): Id<JobId>,
) -> Result<Redirect> {
    state.app.delete_job(&ctx, id).await?;
    Ok(Redirect::to("/jobs"))
}
