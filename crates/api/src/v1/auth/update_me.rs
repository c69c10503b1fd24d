//! `PATCH /auth/me`.

use atc_core::{
    Error,
    error::Faults,
    text::FullName,
    user::{Password, PasswordChange, ProfilePatch},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, ClientAddress, not_null, permissions::ManageSession},
    layer::limit_auth,
    problem::Result,
    reply,
    wire::UserBody,
};

endpoint!(update_me);

/// Change one's own name or password.
///
/// A new password needs the present one, and ends all other sessions.
#[utoipa::path(
    patch, path = "/auth/me", tag = "Accounts", request_body = UpdateMeBody,
    responses((status = 200, description = "The account.", body = UserBody))
)]
async fn update_me(
    Can { ctx, .. }: Can<ManageSession>,
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    body: Body<UpdateMeBody>,
) -> Result<Response> {
    let patch: ProfilePatch = body.value.try_into()?;
    if patch.password.is_some() {
        // Whoever holds a token only must not find the password out.
        limit_auth(&state, address, ctx.caller.email.as_str()).await?;
    }
    let user = state.app.update_me(&ctx, patch).await?;
    Ok(reply::changed(&UserBody::from(&user), user.version))
}

/// A change to one's own account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateMe, example = json!({"full_name": "Example Person"}))]
struct UpdateMeBody {
    /// A new name.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    full_name: Option<String>,
    /// A new password, 12 characters to 72 bytes; `current_password` must stand beside it.
    #[schema(format = "password", min_length = 12, max_length = 72, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    password: Option<String>,
    /// The present password.
    #[schema(format = "password", nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    current_password: Option<String>,
}

impl TryFrom<UpdateMeBody> for ProfilePatch {
    type Error = Error;

    fn try_from(body: UpdateMeBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let full_name = body.full_name.and_then(|n| faults.take("/full_name", FullName::parse(n)));
        let new = body.password.and_then(|p| faults.take("/password", Password::parse(p)));
        let current = body.current_password.map(Password::unchecked);
        if new.is_some() && current.is_none() {
            faults.body("/current_password", "A new password needs the present one.");
        }
        let password = new.zip(current).map(|(new, current)| PasswordChange { current, new });
        faults.finish(Some(Self { full_name, password }))
    }
}
