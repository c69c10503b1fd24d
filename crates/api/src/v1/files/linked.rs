//! `GET /files/links/{word}`.

use axum::{extract::State, response::Response};
use http::HeaderMap;

use super::content::send;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Id, Public},
    problem::Result,
};

endpoint!(get_linked_file);

/// Download a file by an address from `GET /files/{id}/link`, without a credential.
#[utoipa::path(
    get, path = "/files/links/{word}", tag = "Files",
    params(("word" = String, Path, description = "From the address.")),
    responses(
        (status = 200, description = "The bytes.", content_type = "*/*"),
        (status = 206, description = "The part that was asked for.", content_type = "*/*"),
        (
            status = 416, description = "No such part", body = crate::problem::ProblemBody,
            content_type = "application/problem+json"
        )
    )
)]
async fn get_linked_file(
    _: Public,
    State(state): State<ApiState>,
    Id(word): Id<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let file = state.app.linked_file(&word).await?;
    send(&state, &file, &headers).await
}
