//! `DELETE /files/uploads/{id}`.

use atc_core::file::FileId;
use axum::extract::State;
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::WriteFiles},
    problem::Result,
};

endpoint!(abort_upload);

/// Give up an announced upload: nothing of it is kept.
#[utoipa::path(
    delete, path = "/files/uploads/{id}", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The upload.")),
    responses((status = 204, description = "Given up."))
)]
async fn abort_upload(
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
) -> Result<StatusCode> {
    state.app.abort_upload(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
