//! `PATCH /knowledge/articles/{id}`.

use atc_core::{
    Error,
    article::ArticlePatch,
    error::Faults,
    id::ArticleId,
    text::{self, Title},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, not_null, permissions::WriteKnowledge},
    problem::Result,
    reply,
    v1::tags::tags,
    wire::ArticleBody,
};

endpoint!(update_article);

/// Change an article.
#[utoipa::path(
    patch, path = "/knowledge/articles/{id}", tag = "Knowledge", request_body = UpdateArticleBody,
    params(("id" = uuid::Uuid, Path, description = "The article.")),
    responses((status = 200, description = "The article.", body = ArticleBody))
)]
async fn update_article(
    Can { ctx, .. }: Can<WriteKnowledge>,
    State(state): State<ApiState>,
    Id(id): Id<ArticleId>,
    headers: HeaderMap,
    body: Body<UpdateArticleBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let article = state.app.update_article(&ctx, id, patch, &if_match(&headers)?).await?;
    Ok(reply::changed(&ArticleBody::from(&article), article.version))
}

/// A change to an article: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateArticle, example = json!({"published": false}))]
struct UpdateArticleBody {
    /// A new title.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    title: Option<String>,
    /// A new text.
    #[schema(min_length = 1, max_length = 200_000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    body: Option<String>,
    /// New tags, in place of all old ones.
    #[schema(max_items = 20, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    tags: Option<Vec<String>>,
    /// Publish or withdraw.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    published: Option<bool>,
}

impl TryFrom<UpdateArticleBody> for ArticlePatch {
    type Error = Error;

    fn try_from(body: UpdateArticleBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let patch = Self {
            title: body.title.and_then(|t| faults.take("/title", Title::parse(t))),
            body: body.body.and_then(|b| faults.take("/body", text::ArticleBody::parse(b))),
            tags: body.tags.and_then(|t| tags(&mut faults, t)),
            published: body.published,
        };
        faults.finish(Some(patch))
    }
}
