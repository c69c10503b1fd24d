//! `GET /knowledge/articles/{id}`.

use atc_core::id::ArticleId;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ReadKnowledge},
    problem::Result,
    reply,
    wire::ArticleBody,
};

endpoint!(get_article);

/// Read an article.
#[utoipa::path(
    get, path = "/knowledge/articles/{id}", tag = "Knowledge",
    params(("id" = uuid::Uuid, Path, description = "The article.")),
    responses((status = 200, description = "The article.", body = ArticleBody))
)]
async fn get_article(
    Can { ctx, .. }: Can<ReadKnowledge>,
    State(state): State<ApiState>,
    Id(id): Id<ArticleId>,
    headers: HeaderMap,
) -> Result<Response> {
    let article = state.app.get_article(&ctx, id).await?;
    reply::one(&ArticleBody::from(&article), article.version, &headers)
}
