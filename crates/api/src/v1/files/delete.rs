//! `DELETE /files/{id}`.

use atc_core::file::FileId;
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::WriteFiles},
    problem::Result,
};

endpoint!(delete_file);

/// Delete a file: its bytes and what was read in them.
#[utoipa::path(
    delete, path = "/files/{id}", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The file.")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_file(
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_file(&ctx, id, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
