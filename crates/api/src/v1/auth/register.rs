//! `POST /auth/register`.

use atc_core::{
    Error,
    error::Faults,
    text::FullName,
    user::{Email, NewUser, Password, Role, User},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, ClientAddress, Once, Public},
    layer::limit_auth,
    problem::Result,
    reply,
    wire::UserBody,
};

endpoint!(register);

/// Make an account.
///
/// Its role is always `user`. Closed (403) where administrators make the accounts.
#[utoipa::path(
    post, path = "/auth/register", tag = "Accounts", request_body = RegisterBody,
    responses((status = 201, description = "The account.", body = UserBody))
)]
async fn register(
    _: Public,
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    once: Once,
    body: Body<RegisterBody>,
) -> Result<Response> {
    limit_auth(&state, address, body.value.email.as_deref().unwrap_or_default()).await?;
    let new = body.value.try_into()?;
    let render = |user: &User| reply::created(&UserBody::from(user), None, None);
    let remember = once.remember(None, &body.digest, render);
    reply::outcome(state.app.register(new, remember).await?, render)
}

/// An account to be made for oneself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Register, example = json!({
    "email": "person@example.com", "password": "correct horse battery",
    "full_name": "Example Person"
}))]
struct RegisterBody {
    /// The address, unique without regard to case.
    #[schema(format = "email", max_length = 254, required, nullable = false)]
    email: Option<String>,
    /// 12 characters to 72 bytes.
    #[schema(format = "password", min_length = 12, max_length = 72, required, nullable = false)]
    password: Option<String>,
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, required, nullable = false)]
    full_name: Option<String>,
}

impl TryFrom<RegisterBody> for NewUser {
    type Error = Error;

    fn try_from(body: RegisterBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let email = faults.require("/email", body.email.map(Email::parse));
        let password = faults.require("/password", body.password.map(Password::parse));
        let full_name = faults.require("/full_name", body.full_name.map(FullName::parse));
        let new = email.zip(password).zip(full_name).map(|((email, password), full_name)| {
            NewUser { email, password: Some(password), full_name, role: Role::User }
        });
        faults.finish(new)
    }
}
