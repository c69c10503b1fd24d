//! `GET /`.

use atc_app::HistoryWindow;
use axum::extract::State;
use maud::Markup;

use super::view::{self, Frame};
use crate::{
    ApiState,
    extract::{Can, FromParams, Params, Query, permissions::ReadJobs},
    problem::Result,
};

/// How far back the charts go.
pub(super) struct OverviewParams(HistoryWindow);

impl FromParams for OverviewParams {
    fn from_params(params: &mut Params) -> Self {
        Self(params.one("window").unwrap_or_default())
    }
}

/// Queues, workers and charts.
pub(super) async fn page(
    Can { ctx, .. }: Can<ReadJobs>,
    State(state): State<ApiState>,
    Query(OverviewParams(window)): Query<OverviewParams>,
) -> Result<Markup> {
    let overview = state.app.jobs_overview(window).await?;
    Ok(view::overview(&Frame::of(&ctx), &overview))
}
