//! `GET /jobs`.

use std::str::FromStr;

use atc_app::{JobFilter, JobPosition};
use axum::extract::State;
use maud::Markup;

use super::view::{self, Frame, Turn};
use crate::{
    ApiState,
    extract::{Can, Cursor, FromParams, ListUri, PageParams, Params, Query, permissions::ReadJobs},
    problem::Result,
};

/// Which jobs, and which page of them. A field of the form that is left empty does not matter.
pub(super) struct JobsParams {
    filter: JobFilter,
    turn: PageParams,
}

impl FromParams for JobsParams {
    fn from_params(params: &mut Params) -> Self {
        let filter = JobFilter {
            queue: filled(params, "queue"),
            state: filled(params, "state"),
            kind: filled(params, "kind"),
        };
        Self { filter, turn: PageParams::from_params(params) }
    }
}

fn filled<T: FromStr<Err: std::fmt::Display>>(params: &mut Params, name: &str) -> Option<T> {
    let text: String = params.one(name).unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    text.parse().map_err(|e: T::Err| params.fault(name, format!("{name}: {e}."))).ok()
}

/// A page of jobs.
pub(super) async fn page(
    Can { ctx, .. }: Can<ReadJobs>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(wanted): Query<JobsParams>,
) -> Result<Markup> {
    let request = wanted.turn.request(&uri, |position: JobPosition| Some(position))?;
    let first = request.after.is_none();
    let queues = state.app.list_queues().await?;
    let page = state.app.list_jobs(&wanted.filter, request).await?;
    let older = page.next.map(|position| uri.turned(&Cursor::at(&position).encode(&uri)));
    let turn = Turn { first, older };
    let now = state.app.jobs_now().await?;
    Ok(view::jobs(&Frame::of(&ctx), now, &wanted.filter, &queues, &page.items, &turn))
}
