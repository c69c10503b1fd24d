//! `GET /files/uploads/{id}`.

use atc_core::file::FileId;
use axum::{Json, extract::State};

use super::UploadBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::WriteFiles},
    problem::Result,
};

endpoint!(get_upload);

/// See an announced upload, with new addresses for its parts.
#[utoipa::path(
    get, path = "/files/uploads/{id}", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The upload.")),
    responses((status = 200, description = "The upload.", body = UploadBody))
)]
async fn get_upload(
    // Its addresses are for writing.
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
) -> Result<Json<UploadBody>> {
    Ok(Json(UploadBody::from(&state.app.get_upload(&ctx, id).await?)))
}
