//! `DELETE /knowledge/articles/{id}`.

use atc_core::id::ArticleId;
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Can, Id, permissions::WriteKnowledge},
    problem::Result,
};

endpoint!(delete_article);

/// Delete an article.
#[utoipa::path(
    delete, path = "/knowledge/articles/{id}", tag = "Knowledge",
    params(("id" = uuid::Uuid, Path, description = "The article.")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_article(
    _: Can<WriteKnowledge>,
    State(state): State<ApiState>,
    Id(id): Id<ArticleId>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.app.delete_article(id, &if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
