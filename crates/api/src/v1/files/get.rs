//! `GET /files/{id}`.

use atc_core::file::FileId;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadFiles},
    problem::Result,
    reply,
    wire::FileBody,
};

endpoint!(get_file);

/// See a file, with what was read in it.
#[utoipa::path(
    get, path = "/files/{id}", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The file.")),
    responses((status = 200, description = "The file.", body = FileBody))
)]
async fn get_file(
    Can { ctx, .. }: Can<ReadFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
    headers: HeaderMap,
) -> Result<Response> {
    let (file, extracted) = state.app.get_file(&ctx, id).await?;
    let version = file.version;
    reply::one(&FileBody::new(file, extracted), version, &headers)
}
