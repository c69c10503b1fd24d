//! `POST /knowledge/articles`.

use atc_core::{
    Error,
    article::{Article, NewArticle},
    error::Faults,
    text::{self, Title},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, not_null, permissions::WriteKnowledge},
    problem::Result,
    reply,
    v1::{self, tags::tags},
    wire::ArticleBody,
};

endpoint!(create_article);

/// Write an article; it is found by its words at once and by its meaning within two seconds.
#[utoipa::path(
    post, path = "/knowledge/articles", tag = "Knowledge", request_body = CreateArticleBody,
    responses((status = 201, description = "The article.", body = ArticleBody))
)]
async fn create_article(
    Can { ctx, .. }: Can<WriteKnowledge>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateArticleBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |article: &Article| {
        let location = format!("{}/knowledge/articles/{}", v1::PREFIX, article.id);
        reply::created(&ArticleBody::from(article), Some(location), Some(article.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_article(&ctx, new, remember).await?, render)
}

/// An article to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateArticle, example = json!({
    "title": "Refunds", "body": "A double charge is refunded within **five days**.",
    "tags": ["billing"], "published": true
}))]
struct CreateArticleBody {
    /// One line that says what it answers.
    #[schema(min_length = 1, max_length = 200, required, nullable = false)]
    title: Option<String>,
    /// The text, in Markdown.
    #[schema(min_length = 1, max_length = 200_000, required, nullable = false)]
    body: Option<String>,
    /// Words that group it with others.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// Whether everyone may read it; drafts are for agents and administrators.
    #[schema(default = true, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    published: Option<bool>,
}

impl TryFrom<CreateArticleBody> for NewArticle {
    type Error = Error;

    fn try_from(body: CreateArticleBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let title = faults.require("/title", body.title.map(Title::parse));
        let text = faults.require("/body", body.body.map(text::ArticleBody::parse));
        let tags = tags(&mut faults, body.tags.unwrap_or_default());
        let published = body.published.unwrap_or(true);
        let parts = title.zip(text).zip(tags);
        let new = parts.map(|((title, body), tags)| Self { title, body, tags, published });
        faults.finish(new)
    }
}
