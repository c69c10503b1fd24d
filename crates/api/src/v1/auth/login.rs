//! `POST /auth/login`.

use atc_app::Session;
use atc_core::{error::Faults, user::Password};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, ClientAddress, Public},
    layer::limit_auth,
    problem::Result,
    wire::UserBody,
};

endpoint!(login);

/// Log in.
///
/// A wrong e-mail and a wrong password get the same answer in the same time.
#[utoipa::path(
    post, path = "/auth/login", tag = "Accounts", request_body = LoginBody,
    responses((status = 200, description = "The tokens.", body = SessionBody))
)]
async fn login(
    _: Public,
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    body: Body<LoginBody>,
) -> Result<Response> {
    let mut faults = Faults::new();
    let present = |text: Option<String>| text.map(Ok::<_, std::convert::Infallible>);
    let email = faults.require("/email", present(body.value.email));
    let password = faults.require("/password", present(body.value.password));
    let (email, password) = faults.finish(email.zip(password))?;
    limit_auth(&state, address, &email).await?;
    let session = state.app.login(&email, &Password::unchecked(password)).await?;
    Ok(session_answer(session))
}

/// Tokens must not stay in a cache (RFC 6749, 5.1).
pub(super) fn session_answer(session: Session) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(SessionBody::from(session))).into_response()
}

/// What proves who logs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login, example = json!({
    "email": "person@example.com", "password": "correct horse battery"
}))]
struct LoginBody {
    /// The address.
    #[schema(required, nullable = false)]
    email: Option<String>,
    /// The password.
    #[schema(format = "password", required, nullable = false)]
    password: Option<String>,
}

/// A login.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session, example = json!({
    "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl",
    "refresh_token": "dGhpcyBpcyBhIHJlZnJlc2ggdG9rZW4", "token_type": "bearer",
    "expires_in": 900,
    "user": {
        "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "email": "person@example.com",
        "full_name": "Example Person", "role": "user", "is_active": true,
        "created_at": "2026-01-31T12:00:00Z"
    }
}))]
pub(super) struct SessionBody {
    /// Proves the person; send it as `Authorization: Bearer …`.
    access_token: String,
    /// Gets the next pair, once.
    refresh_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds that the access token serves.
    expires_in: u32,
    /// The person.
    user: UserBody,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self {
            user: UserBody::from(&session.user),
            access_token: session.access_token,
            refresh_token: session.refresh_token,
            token_type: "bearer",
            expires_in: session.expires_in_s,
        }
    }
}
