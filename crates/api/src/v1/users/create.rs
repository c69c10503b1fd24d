//! `POST /users`.

use atc_core::{
    Error,
    error::Faults,
    text::FullName,
    user::{Email, NewUser, Password, User},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, not_null, permissions::WriteUsers},
    problem::Result,
    reply, v1,
    wire::{Role, UserBody},
};

endpoint!(create_user);

/// Make an account.
///
/// An address that so far only asked for tickets becomes an account.
#[utoipa::path(
    post, path = "/users", tag = "Users", request_body = CreateUserBody,
    responses((status = 201, description = "The account.", body = UserBody))
)]
async fn create_user(
    Can { ctx, .. }: Can<WriteUsers>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateUserBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |user: &User| {
        let location = format!("{}/users/{}", v1::PREFIX, user.id);
        reply::created(&UserBody::from(user), Some(location), Some(user.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_user(new, remember).await?, render)
}

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateUser, example = json!({
    "email": "agent@example.com", "password": "correct horse battery",
    "full_name": "Example Agent", "role": "agent"
}))]
struct CreateUserBody {
    /// The address, unique without regard to case.
    #[schema(format = "email", max_length = 254, required, nullable = false)]
    email: Option<String>,
    /// 12 characters to 72 bytes.
    #[schema(format = "password", min_length = 12, max_length = 72, required, nullable = false)]
    password: Option<String>,
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, required, nullable = false)]
    full_name: Option<String>,
    /// What the person may do; `user` where it is left out.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    role: Option<Role>,
}

impl TryFrom<CreateUserBody> for NewUser {
    type Error = Error;

    fn try_from(body: CreateUserBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let email = faults.require("/email", body.email.map(Email::parse));
        let password = faults.require("/password", body.password.map(Password::parse));
        let full_name = faults.require("/full_name", body.full_name.map(FullName::parse));
        let role = body.role.unwrap_or(Role::User).into();
        let new = email.zip(password).zip(full_name).map(|((email, password), full_name)| {
            NewUser { email, password: Some(password), full_name, role }
        });
        faults.finish(new)
    }
}
