//! `GET /jobs/overview`.

use axum::{Json, extract::State};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, FromParams, Params, Query, permissions::ReadJobs},
    problem::Result,
    wire::{HistoryWindow, JobsOverviewBody},
};

endpoint!(jobs_overview);

/// See how the queues and their workers fare.
///
/// Counts by queue and state, the workers with what they run, and throughput and latency over time. The
/// history may be some seconds old.
#[utoipa::path(
    get, path = "/jobs/overview", tag = "Jobs", params(OverviewParams),
    responses((status = 200, description = "The overview.", body = JobsOverviewBody))
)]
async fn jobs_overview(
    _: Can<ReadJobs>,
    State(state): State<ApiState>,
    Query(wanted): Query<OverviewParams>,
) -> Result<Json<JobsOverviewBody>> {
    let window = wanted.window.map(Into::into).unwrap_or_default();
    Ok(Json(state.app.jobs_overview(window).await?.into()))
}

/// How far back.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct OverviewParams {
    /// How far the history goes back; by default an hour.
    #[param(nullable = false)]
    window: Option<HistoryWindow>,
}

impl FromParams for OverviewParams {
    fn from_params(params: &mut Params) -> Self {
        Self { window: params.one("window") }
    }
}
