//! `DELETE /auth/logout`.

use axum::extract::State;
use http::StatusCode;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ManageSession},
    problem::Result,
};

endpoint!(logout);

/// Log out.
///
/// The session's refresh token and its access tokens no longer work.
#[utoipa::path(
    delete, path = "/auth/logout", tag = "Accounts",
    responses((status = 204, description = "Logged out."))
)]
async fn logout(
    Can { ctx, .. }: Can<ManageSession>,
    State(state): State<ApiState>,
) -> Result<StatusCode> {
    state.app.logout(&ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}
