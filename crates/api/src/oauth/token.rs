//! `POST /oauth/token` (RFC 6749, 4.1.3 and 6) and `POST /oauth/revoke` (RFC 7009).

use atc_app::{OauthError, OauthErrorCode, TokenRequest, scope_text};
use axum::{body::Body, extract::State, response::Response};
use http::StatusCode;
use serde_json::json;

use super::{Site, reply};
use crate::{ApiState, pages::form::Form};

/// Gives tokens.
pub(super) async fn give(State(state): State<ApiState>, site: Site, body: Body) -> Response {
    let given = async {
        let form = Form::read(body).await?;
        let once = |name| form.once(name).map_err(|_| reply::twice());
        let request = TokenRequest {
            grant_type: once("grant_type")?,
            client_id: once("client_id")?,
            code: once("code")?,
            code_verifier: once("code_verifier")?,
            redirect_uri: once("redirect_uri")?,
            refresh_token: once("refresh_token")?,
            scope: once("scope")?,
            resource: once("resource")?,
        };
        state.app.give_tokens(request, &site.addresses()).await
    };
    match given.await {
        Err(e) => reply::refused(e),
        Ok(tokens) => {
            let body = json!({
                "access_token": tokens.access_token,
                "token_type": "Bearer",
                "expires_in": tokens.expires_in_s,
                "refresh_token": tokens.refresh_token,
                "scope": scope_text(&tokens.scopes),
            });
            reply::secret(StatusCode::OK, body)
        }
    }
}

/// Ends what a token is of, whichever kind it is.
pub(super) async fn take_back(State(state): State<ApiState>, body: Body) -> Response {
    let done = async {
        let form = Form::read(body).await?;
        let once = |name| form.once(name).map_err(|_| reply::twice());
        let Some(token) = once("token")? else {
            let detail = "The parameter token is missing.";
            return Err(OauthError::new(OauthErrorCode::InvalidRequest, detail));
        };
        state.app.give_back(&token, once("client_id")?.as_deref()).await
    };
    match done.await {
        Err(e) => reply::refused(e),
        Ok(()) => reply::secret(StatusCode::OK, json!({})),
    }
}
