//! `GET /files/{id}/link`.

use atc_core::{
    file::{File, FileId},
    ports::ReadAs,
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    content::{disposition, harmless},
    uploads::address,
};
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadFiles},
    problem::Result,
};

endpoint!(get_file_link);

/// Get an address of a file's bytes that needs no credential.
///
/// Whoever has it may download the file until it expires; mostly it is one of the file store itself.
#[utoipa::path(
    get, path = "/files/{id}/link", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The file.")),
    responses((status = 200, description = "The address.", body = LinkBody))
)]
async fn get_file_link(
    Can { ctx, .. }: Can<ReadFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
) -> Result<Json<LinkBody>> {
    let file = state.app.find_file(&ctx, id).await?;
    let link = state.app.link_file(&ctx, &file, read_as(&file)).await?;
    Ok(Json(LinkBody {
        method: "GET",
        url: address(&link.target, "links"),
        expires_at: link.expires_at,
    }))
}

/// What the store says of a file to a browser.
pub(super) fn read_as(file: &File) -> ReadAs {
    ReadAs { content_type: harmless(&file.content_type), disposition: disposition(&file.filename) }
}

/// Where the bytes of a file are for a while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileLink, example = json!({
    "method": "GET", "url": "https://bucket.s3.example.com/ab/0198?X-Amz-Signature=0a1b",
    "expires_at": "2026-01-31T12:05:00Z"
}))]
struct LinkBody {
    /// `GET`.
    method: &'static str,
    /// An address of the file store, or one relative to this server.
    url: String,
    /// Until when it serves.
    expires_at: DateTime<Utc>,
}
