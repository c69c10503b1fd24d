//! `GET /jobs`.

use atc_app::{JobFilter, JobPosition};
use atc_core::job::{JobKind, Queue};
use axum::{extract::State, response::Response};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, FromParams, ListUri, PageParams, Params, Query, permissions::ReadJobs},
    problem::Result,
    reply::{self, PageBody},
    wire::{JobBody, JobState},
};

endpoint!(list_jobs);

/// List jobs, newest first.
///
/// Payload and history are shown one job at a time.
#[utoipa::path(
    get, path = "/jobs", tag = "Jobs", params(JobFilterParams, PageParams),
    responses((status = 200, description = "A page of jobs.", body = PageBody<JobBody>))
)]
async fn list_jobs(
    _: Can<ReadJobs>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(wanted): Query<ListParams>,
) -> Result<Response> {
    let request = wanted.turn.request(&uri, |position: JobPosition| Some(position))?;
    let page = state.app.list_jobs(&wanted.filter.into(), request).await?;
    Ok(reply::page(page, &uri, Cursor::at, JobBody::from))
}

/// Which jobs, and which page of them.
struct ListParams {
    filter: JobFilterParams,
    turn: PageParams,
}

impl FromParams for ListParams {
    fn from_params(params: &mut Params) -> Self {
        Self { filter: JobFilterParams::from_params(params), turn: PageParams::from_params(params) }
    }
}

/// Which jobs. Filters narrow each other.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct JobFilterParams {
    /// In this state.
    #[param(nullable = false)]
    state: Option<JobState>,
    /// Of this queue.
    #[param(nullable = false, value_type = Option<String>, example = "default")]
    queue: Option<Queue>,
    /// Of this kind.
    #[param(nullable = false, value_type = Option<String>, example = "system.sweep.v1")]
    kind: Option<JobKind>,
}

impl FromParams for JobFilterParams {
    fn from_params(params: &mut Params) -> Self {
        Self { state: params.one("state"), queue: params.one("queue"), kind: params.one("kind") }
    }
}

impl From<JobFilterParams> for JobFilter {
    fn from(params: JobFilterParams) -> Self {
        Self { queue: params.queue, state: params.state.map(Into::into), kind: params.kind }
    }
}
