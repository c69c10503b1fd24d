//! The page on which people see and end what they let programs do.

use atc_core::id::GrantId;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{Site, login, view};
use crate::{
    ApiState,
    extract::{Can, Id, permissions::ManageGrants},
    problem::{Problem, Result},
};

/// Where it is.
pub(super) const PATH: &str = "/oauth/grants";

/// `GET /oauth/grants`.
pub(super) async fn page(
    present: Result<Can<ManageGrants>, Problem>,
    State(state): State<ApiState>,
    _: Site,
) -> Result<Response> {
    match login::or_log_in(present, PATH)? {
        Ok(ctx) => {
            let grants = state.app.list_grants(&ctx).await?;
            Ok(view::grants(&ctx, &grants).into_response())
        }
        Err(page) => Ok(page),
    }
}

/// `POST /oauth/grants/{id}/end`.
pub(super) async fn end(
    Can { ctx, .. }: Can<ManageGrants>,
    State(state): State<ApiState>,
    Id(id): Id<GrantId>,
) -> Result<Redirect> {
    state.app.end_grant(&ctx, id).await?;
    Ok(Redirect::to(PATH))
}
