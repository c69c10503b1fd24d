//! `GET /knowledge/search`.

use atc_core::{article::SearchMode, page::Limit};
use axum::{Json, extract::State};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, FromParams, Params, Query, permissions::ReadKnowledge},
    problem::Result,
    reply::ItemsBody,
    wire::{self, ArticleHitBody},
};

endpoint!(search_articles);

/// The most characters of a question.
const MAX_CHARS: usize = 2_000;

/// Find articles by meaning, by words, or by both.
#[utoipa::path(
    get, path = "/knowledge/search", tag = "Knowledge", params(SearchParams),
    responses((status = 200, description = "Best first.", body = ItemsBody<ArticleHitBody>))
)]
async fn search_articles(
    Can { ctx, .. }: Can<ReadKnowledge>,
    State(state): State<ApiState>,
    Query(search): Query<SearchParams>,
) -> Result<Json<ItemsBody<ArticleHitBody>>> {
    let mode = SearchMode::from(search.mode);
    let hits = state.app.search_articles(&ctx, &search.q, mode, search.limit).await?;
    Ok(Json(ItemsBody { items: hits.into_iter().map(ArticleHitBody::from).collect() }))
}

/// What to look for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchParams {
    /// A question or words.
    #[param(min_length = 1, max_length = 2000, example = "how do I get my money back")]
    q: String,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 10, required = false, example = 10)]
    limit: usize,
    /// By meaning (`semantic`), by words (`keyword`), or by both.
    #[param(required = false)]
    mode: wire::SearchMode,
}

impl FromParams for SearchParams {
    fn from_params(params: &mut Params) -> Self {
        let q = params.one::<String>("q").unwrap_or_default();
        if q.trim().is_empty() {
            params.fault("q", "Say what to look for.");
        } else if q.chars().count() > MAX_CHARS {
            params.fault("q", format!("At most {MAX_CHARS} characters are searched for."));
        }
        let limit = params.one("limit").unwrap_or(10);
        if Limit::new(limit as u64).is_none() {
            params.fault("limit", "Ask for 1 to 100 results.");
        }
        Self { q, limit, mode: params.one("mode").unwrap_or(wire::SearchMode::Hybrid) }
    }
}
