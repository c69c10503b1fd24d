//! `DELETE /categories/{slug}`.

use axum::extract::State;
use http::{HeaderMap, StatusCode};

use super::slug;
use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::WriteCategories},
    problem::Result,
};

endpoint!(delete_category);

/// Delete a category that no ticket is in (else 409).
#[utoipa::path(
    delete, path = "/categories/{slug}", tag = "Categories",
    params(("slug" = String, Path, description = "The category.", example = "billing")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_category(
    _: Can<WriteCategories>,
    State(state): State<ApiState>,
    Id(text): Id<String>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_category(&slug(text)?, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
