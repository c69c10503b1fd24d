//! What programs read before they come.

use atc_app::USUAL_SCOPES;
use atc_core::token::Scope;
use axum::Json;
use serde_json::{Value, json};

use super::Site;

fn words(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.as_str()).collect()
}

/// `GET /.well-known/oauth-protected-resource` (RFC 9728).
pub(super) async fn resource(site: Site) -> Json<Value> {
    Json(json!({
        "resource": site.resource(),
        "authorization_servers": [site.issuer()],
        "scopes_supported": words(&USUAL_SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "AI Ticket Creator",
    }))
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414). No other address is served: the issuer has no
/// path, and says nothing about people (`OpenID`).
pub(super) async fn server(site: Site) -> Json<Value> {
    Json(json!({
        "issuer": site.issuer(),
        "authorization_endpoint": site.at("/oauth/authorize"),
        "token_endpoint": site.at("/oauth/token"),
        "registration_endpoint": site.at("/oauth/register"),
        "revocation_endpoint": site.at("/oauth/revoke"),
        "scopes_supported": words(&Scope::ALL),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    }))
}
