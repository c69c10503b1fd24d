//! `GET /files`.

use atc_app::FilePosition;
use atc_core::{file::FileFilter, id::TicketId};
use axum::{extract::State, response::Response};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{
        Can, Cursor, FromParams, ListUri, PageParams, Params, Query, permissions::ReadFiles,
    },
    problem::Result,
    reply::{self, PageBody},
    wire::{FileBody, FileKind, FileStatus},
};

endpoint!(list_files);

/// List files, newest first.
///
/// Agents and administrators see all of them, users their own. What was read in them is left out here.
#[utoipa::path(
    get, path = "/files", tag = "Files", params(FilterParams, PageParams),
    responses((status = 200, description = "A page of files.", body = PageBody<FileBody>))
)]
async fn list_files(
    Can { ctx, .. }: Can<ReadFiles>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(ListParams { filter, turn }): Query<ListParams>,
) -> Result<Response> {
    let request = turn.request(&uri, |position: FilePosition| Some(position))?;
    let filter = FileFilter {
        ticket_id: filter.ticket_id,
        status: filter.status.into_iter().map(Into::into).collect(),
        kind: filter.kind.into_iter().map(Into::into).collect(),
    };
    let page = state.app.list_files(&ctx, &filter, request).await?;
    Ok(reply::page(page, &uri, Cursor::at, |file| FileBody::new(file, None)))
}

/// Which files, and which page of them.
struct ListParams {
    filter: FilterParams,
    turn: PageParams,
}

/// Which files. Values of one filter are alternatives; filters narrow each other.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct FilterParams {
    /// Evidence of this ticket.
    #[param(nullable = false, value_type = Option<uuid::Uuid>)]
    ticket_id: Option<TicketId>,
    /// So far; may repeat.
    #[param(required = false)]
    status: Vec<FileStatus>,
    /// Of this kind, which is known once they were read; may repeat.
    #[param(required = false)]
    kind: Vec<FileKind>,
}

impl FromParams for ListParams {
    fn from_params(params: &mut Params) -> Self {
        let filter = FilterParams {
            ticket_id: params.one("ticket_id"),
            status: params.all("status"),
            kind: params.all("kind"),
        };
        Self { filter, turn: PageParams::from_params(params) }
    }
}
