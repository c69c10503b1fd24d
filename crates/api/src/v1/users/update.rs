//! `PATCH /users/{id}`.

use atc_core::{Error, error::Faults, id::UserId, text::FullName, user::UserPatch};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, not_null, permissions::WriteUsers},
    problem::Result,
    reply,
    wire::{Role, UserBody},
};

endpoint!(update_user);

/// Change an account.
///
/// Who is deactivated or demoted loses access at once. The last active administrator stays (409).
#[utoipa::path(
    patch, path = "/users/{id}", tag = "Users", request_body = UpdateUserBody,
    params(("id" = uuid::Uuid, Path, description = "The account.")),
    responses((status = 200, description = "The account.", body = UserBody))
)]
async fn update_user(
    Can { ctx, .. }: Can<WriteUsers>,
    State(state): State<ApiState>,
    Id(id): Id<UserId>,
    headers: HeaderMap,
    body: Body<UpdateUserBody>,
) -> Result<Response> {
    let patch = body.value.try_into()?;
    let user = state.app.update_user(&ctx, id, patch, &if_match(&headers)?).await?;
    Ok(reply::changed(&UserBody::from(&user), user.version))
}

/// A change to an account: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateUser, example = json!({"role": "agent"}))]
struct UpdateUserBody {
    /// What the person may do.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    role: Option<Role>,
    /// Whether the person has access.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    is_active: Option<bool>,
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    full_name: Option<String>,
}

impl TryFrom<UpdateUserBody> for UserPatch {
    type Error = Error;

    fn try_from(body: UpdateUserBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let full_name = body.full_name.and_then(|n| faults.take("/full_name", FullName::parse(n)));
        let role = body.role.map(Into::into);
        faults.finish(Some(Self { role, is_active: body.is_active, full_name }))
    }
}
