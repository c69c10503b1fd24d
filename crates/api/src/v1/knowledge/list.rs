//! `GET /knowledge/articles`.

use atc_app::ArticlePosition;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, ListUri, PageParams, Query, permissions::ReadKnowledge},
    problem::Result,
    reply::{self, PageBody},
    wire::ArticleBody,
};

endpoint!(list_articles);

/// List articles, newest first.
///
/// Drafts are shown to agents and administrators only.
#[utoipa::path(
    get, path = "/knowledge/articles", tag = "Knowledge", params(PageParams),
    responses((status = 200, description = "A page of articles.", body = PageBody<ArticleBody>))
)]
async fn list_articles(
    Can { ctx, .. }: Can<ReadKnowledge>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let request = turn.request(&uri, |(created_at, number): (DateTime<Utc>, i64)| {
        Some(ArticlePosition { created_at, number })
    })?;
    let page = state.app.list_articles(&ctx, request).await?;
    let cursor = |p: &ArticlePosition| Cursor::at(&(p.created_at, p.number));
    Ok(reply::page(page, &uri, cursor, |article| ArticleBody::from(&article)))
}
