//! `GET /categories`.

use atc_core::category::Slug;
use axum::{extract::State, response::Response};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Cursor, ListUri, PageParams, Query, permissions::ReadCategories},
    problem::Result,
    reply::{self, PageBody},
    wire::CategoryBody,
};

endpoint!(list_categories);

/// List categories, by their slugs.
#[utoipa::path(
    get, path = "/categories", tag = "Categories", params(PageParams),
    responses((status = 200, description = "A page of categories.", body = PageBody<CategoryBody>))
)]
async fn list_categories(
    _: Can<ReadCategories>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(turn): Query<PageParams>,
) -> Result<Response> {
    let after = turn.position::<Slug>(&uri)?;
    let (limit, total) = (turn.limit(), turn.include_total());
    let page = state.app.list_categories(limit, after.as_ref(), total).await?;
    Ok(reply::page(page, &uri, |p: &Slug| Cursor::at(p), |c| CategoryBody::from(&c)))
}
