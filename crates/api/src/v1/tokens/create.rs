//! `POST /tokens`.

use atc_app::NewTokenSecret;
use atc_core::{Error, error::Faults, text::Name, token::NewApiToken};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TokenBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, distinct, permissions::ManageTokens},
    problem::Result,
    reply,
    wire::Scope,
};

endpoint!(create_token);

/// Make an API token.
///
/// Its secret is shown in this answer and never again. It is never broader than its owner.
#[utoipa::path(
    post, path = "/tokens", tag = "Accounts", request_body = CreateTokenBody,
    responses((status = 201, description = "The token and its secret.", body = NewTokenBody))
)]
async fn create_token(
    Can { ctx, .. }: Can<ManageTokens>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateTokenBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |made: &NewTokenSecret| {
        let token = TokenBody::from(&made.token);
        reply::created(&NewTokenBody { details: token, token: made.secret.clone() }, None, None)
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_api_token(&ctx, new, remember).await?, render)
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateToken, example = json!({
    "name": "CI", "scopes": ["tickets:write"], "expires_at": "2027-01-31T12:00:00Z"
}))]
struct CreateTokenBody {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100, required, nullable = false)]
    name: Option<String>,
    /// What it shall be good for; at least one.
    #[schema(min_items = 1, required, nullable = false)]
    scopes: Option<Vec<Scope>>,
    /// When it shall end by itself; never, where it is left out.
    expires_at: Option<DateTime<Utc>>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewToken, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "CI", "prefix": "atc_AbCd",
    "scopes": ["tickets:write"], "expires_at": null, "last_used_at": null,
    "created_at": "2026-01-31T12:00:00Z", "token": "atc_AbCdEfGh"
}))]
struct NewTokenBody {
    #[serde(flatten)]
    details: TokenBody,
    /// What to send as Bearer. Shown once.
    token: String,
}

impl TryFrom<CreateTokenBody> for NewApiToken {
    type Error = Error;

    fn try_from(body: CreateTokenBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let name = faults.require("/name", body.name.map(Name::parse));
        let scopes = body.scopes.map(|scopes| {
            let scopes = distinct(scopes);
            if scopes.is_empty() { Err("A token needs at least one scope.") } else { Ok(scopes) }
        });
        let scopes = faults.require("/scopes", scopes);
        let new = name.zip(scopes).map(|(name, scopes)| Self {
            name,
            scopes: scopes.into_iter().map(Into::into).collect(),
            expires_at: body.expires_at,
        });
        faults.finish(new)
    }
}
