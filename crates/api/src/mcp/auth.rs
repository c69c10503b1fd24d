//! Who speaks, and from which page.

use std::{net::SocketAddr, sync::Arc};

use atc_app::Authenticated;
use atc_core::{Error, ErrorCode, caller::Caller};
use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};

use crate::{
    ApiState,
    extract::RequestId,
    layer,
    problem::{Problem, Told},
    ws::is_allowed_origin,
};

/// What a call of the API takes over from the call of the tool.
const TAKEN_OVER: [HeaderName; 3] =
    [header::AUTHORIZATION, header::USER_AGENT, HeaderName::from_static("x-forwarded-for")];

/// Who speaks: their credential, as they sent it, and who it shows them to be.
#[derive(Clone)]
pub(super) struct Identity {
    pub caller: Caller,
    headers: HeaderMap,
    peer: Option<ConnectInfo<SocketAddr>>,
    request_id: Option<RequestId>,
}

impl Identity {
    /// Of a request that [`require`] let through.
    pub fn of_request(parts: &Parts) -> Option<Self> {
        let Some(Authenticated::Caller(caller)) = parts.extensions.get() else { return None };
        let mut headers = HeaderMap::new();
        for name in TAKEN_OVER {
            for value in parts.headers.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        Some(Self {
            caller: caller.clone(),
            headers,
            peer: parts.extensions.get().copied(),
            request_id: parts.extensions.get().cloned(),
        })
    }

    /// Of a token that was given at the start.
    ///
    /// # Errors
    /// When the token does not serve.
    pub async fn of_token(state: &ApiState, token: &str) -> Result<Self, Error> {
        let caller = state.app.authenticate(token).await?;
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Error::new(ErrorCode::Unauthenticated, "This is no token."))?;
        value.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        Ok(Self { caller, headers, peer: None, request_id: None })
    }

    /// The token itself.
    pub fn token(&self) -> &str {
        layer::bearer(&self.headers).unwrap_or_default()
    }

    /// Lets a request of ours speak for them.
    pub fn sign(&self, request: &mut Request) {
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        if let Some(RequestId(id)) = &self.request_id
            && let Ok(id) = HeaderValue::from_str(id)
        {
            request.headers_mut().insert(layer::X_REQUEST_ID, id);
        }
    }
}

/// Lets nobody through without a credential that serves.
pub(super) async fn require(request: Request, next: Next) -> Response {
    let refused = match request.extensions().get::<Authenticated>() {
        Some(Authenticated::Caller(_)) => return next.run(request).await,
        Some(Authenticated::Refused(e)) => Problem(Arc::clone(e)),
        Some(Authenticated::Nobody) | None => {
            let detail = "Send an API token (POST /api/v1/tokens) or an access token in the header \
                          Authorization: Bearer <token>.";
            Error::new(ErrorCode::Unauthenticated, detail).into()
        }
    };
    refused.into_response()
}

/// Refuses a browser's page of somebody else.
pub(super) async fn check_origin(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    if is_allowed_origin(request.headers(), &state.config.cors_allowed_origins) {
        return next.run(request).await;
    }
    let detail = "Pages of this origin may not speak here; name it in CORS_ALLOWED_ORIGINS.";
    Problem::from(Error::forbidden(detail)).into_response()
}

/// Leaves errors of the protocol as they are: they have a form of their own (JSON-RPC 2.0, 5.1).
pub(super) async fn leave_protocol_errors(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let media_type = response.headers().get(header::CONTENT_TYPE);
    if media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json")) {
        response.extensions_mut().insert(Told);
    }
    response
}
