//! `GET /categories/{slug}`.

use axum::{extract::State, response::Response};
use http::HeaderMap;

use super::slug;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadCategories},
    problem::Result,
    reply,
    wire::CategoryBody,
};

endpoint!(get_category);

/// See a category.
#[utoipa::path(
    get, path = "/categories/{slug}", tag = "Categories",
    params(("slug" = String, Path, description = "The category.", example = "billing")),
    responses((status = 200, description = "The category.", body = CategoryBody))
)]
async fn get_category(
    _: Can<ReadCategories>,
    State(state): State<ApiState>,
    Id(text): Id<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let category = state.app.get_category(&slug(text)?).await?;
    reply::one(&CategoryBody::from(&category), category.version, &headers)
}
