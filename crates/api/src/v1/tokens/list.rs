//! `GET /tokens`.

use axum::{Json, extract::State};

use super::TokenBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ManageTokens},
    problem::Result,
    reply::ItemsBody,
};

endpoint!(list_tokens);

/// List one's own API tokens.
#[utoipa::path(
    get, path = "/tokens", tag = "Accounts",
    responses((status = 200, description = "All of them.", body = ItemsBody<TokenBody>))
)]
async fn list_tokens(
    Can { ctx, .. }: Can<ManageTokens>,
    State(state): State<ApiState>,
) -> Result<Json<ItemsBody<TokenBody>>> {
    let tokens = state.app.list_api_tokens(&ctx).await?;
    Ok(Json(ItemsBody { items: tokens.iter().map(TokenBody::from).collect() }))
}
