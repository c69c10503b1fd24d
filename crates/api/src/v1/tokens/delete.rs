//! `DELETE /tokens/{id}`.

use atc_core::id::TokenId;
use axum::extract::State;
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageTokens},
    problem::Result,
};

endpoint!(delete_token);

/// Delete an API token; it no longer works.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "Accounts",
    params(("id" = uuid::Uuid, Path, description = "The token.")),
    responses((status = 204, description = "Deleted."))
)]
async fn delete_token(
    Can { ctx, .. }: Can<ManageTokens>,
    State(state): State<ApiState>,
    Id(id): Id<TokenId>,
) -> Result<StatusCode> {
    state.app.delete_api_token(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
