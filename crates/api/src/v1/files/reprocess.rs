//! `POST /files/{id}/reprocess`.

use atc_core::file::FileId;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::WriteFiles},
    problem::Result,
    wire::FileBody,
};

endpoint!(reprocess_file);

/// Read a file once more.
#[utoipa::path(
    post, path = "/files/{id}/reprocess", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The file.")),
    responses((status = 202, description = "The file; it waits to be read.", body = FileBody))
)]
async fn reprocess_file(
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
) -> Result<Response> {
    let file = state.app.reprocess_file(&ctx, id).await?;
    Ok((StatusCode::ACCEPTED, Json(FileBody::new(file, None))).into_response())
}
