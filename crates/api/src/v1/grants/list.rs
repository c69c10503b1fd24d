//! `GET /auth/grants`.

use axum::{Json, extract::State};

use super::GrantBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ManageGrants},
    problem::Result,
    reply::ItemsBody,
};

endpoint!(list_grants);

/// List what one lets other programs do.
///
/// Programs ask for it over OAuth, at the MCP server.
#[utoipa::path(
    get, path = "/auth/grants", tag = "Accounts",
    responses((status = 200, description = "All of it, oldest first.", body = ItemsBody<GrantBody>))
)]
async fn list_grants(
    Can { ctx, .. }: Can<ManageGrants>,
    State(state): State<ApiState>,
) -> Result<Json<ItemsBody<GrantBody>>> {
    let grants = state.app.list_grants(&ctx).await?;
    Ok(Json(ItemsBody { items: grants.iter().map(GrantBody::from).collect() }))
}
