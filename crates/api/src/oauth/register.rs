//! `POST /oauth/register` (RFC 7591).

use atc_app::{NewClient, OauthError, OauthErrorCode};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::reply;
use crate::{ApiState, extract::ClientAddress, layer::limit_auth};

/// The most bytes of what a program says of itself.
const MOST_BYTES: usize = 16 * 1024;
/// Under which name the attempts of an address are counted.
const COUNTED_AS: &str = "oauth-register";

/// The members that mean something here; a program may say more.
#[derive(Deserialize)]
struct Metadata {
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// Remembers a program, and gives it an identity and no secret: programs on people's machines keep none.
pub(super) async fn register(
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    body: Body,
) -> Response {
    if let Err(problem) = limit_auth(&state, address, COUNTED_AS).await {
        return problem.into_response();
    }
    let unread = || {
        let detail = "Send JSON with redirect_uris, of at most 16384 bytes.";
        OauthError::new(OauthErrorCode::InvalidClientMetadata, detail)
    };
    let made = async {
        let bytes = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| unread())?;
        let said: Metadata = serde_json::from_slice(&bytes).map_err(|_| unread())?;
        let new = NewClient {
            name: said.client_name,
            redirect_uris: said.redirect_uris,
            grant_types: said.grant_types,
            response_types: said.response_types,
        };
        state.app.register_client(new).await
    };
    match made.await {
        Err(e) => reply::refused(e),
        Ok(client) => {
            let body = json!({
                "client_id": client.id,
                "client_id_issued_at": client.created_at.timestamp(),
                "client_name": client.name.as_str(),
                "redirect_uris": client.redirect_uris,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            });
            reply::secret(StatusCode::CREATED, body)
        }
    }
}
