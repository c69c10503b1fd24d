//! Who speaks, and from which page.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use atc_app::Authenticated;
use atc_core::{
    Error, ErrorCode,
    caller::{Caller, Credential},
    policy::{self, Action},
};
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
    oauth::Site,
    problem::{Problem, Told},
    ws::is_allowed_origin,
};

/// A token came that does not serve (RFC 6750, 3.1).
const INVALID_TOKEN: &str = "invalid_token";

/// What a call of the API takes over from the call of the tool.
const TAKEN_OVER: [HeaderName; 3] =
    [header::AUTHORIZATION, header::USER_AGENT, HeaderName::from_static("x-forwarded-for")];

/// Who speaks: their credential, as they sent it, and who it shows them to be.
#[derive(Clone)]
pub(super) struct Identity {
    pub caller: Caller,
    headers: HeaderMap,
    site: Option<Site>,
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
            site: parts.extensions.get().cloned(),
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
        Ok(Self { caller, headers, site: None, peer: None, request_id: None })
    }

    /// The token itself.
    pub fn token(&self) -> &str {
        layer::bearer(&self.headers).unwrap_or_default()
    }

    /// The resource that the token was shown to.
    pub fn resource(&self) -> Option<String> {
        self.site.as_ref().map(Site::resource)
    }

    /// Lets a request of ours speak for them.
    pub fn sign(&self, request: &mut Request) {
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        if let Some(site) = &self.site {
            request.extensions_mut().insert(site.clone());
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

/// Notes under which address this door was called, so that tokens serve that were given for it.
pub(super) async fn note_site(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(site) = Site::of(&state.config, request.headers()) {
        request.extensions_mut().insert(site);
    }
    next.run(request).await
}

/// Lets nobody through without a credential that serves; says where to get one.
pub(super) async fn require(request: Request, next: Next) -> Response {
    let site = request.extensions().get::<Site>();
    let (refused, challenge) = match request.extensions().get::<Authenticated>() {
        Some(Authenticated::Caller(_)) => return next.run(request).await,
        Some(Authenticated::Refused(e)) => {
            (Problem(Arc::clone(e)), site.map(|site| site.challenge(Some(INVALID_TOKEN))))
        }
        Some(Authenticated::Nobody) | None => {
            let detail = "Log in as the header WWW-Authenticate says, or send an API token (POST \
                          /api/v1/tokens) or an access token in the header Authorization: Bearer \
                          <token>.";
            let problem = Error::new(ErrorCode::Unauthenticated, detail).into();
            (problem, site.map(|site| site.challenge(None)))
        }
    };
    let mut response = refused.into_response();
    if let Some(challenge) = challenge.flatten() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Tells a program that calls a tool without the scope for it which one it lacks (RFC 6750, 3.1), so that it
/// can ask its person for more. What it calls stands in headers since the revision 2026-07-28; before, the
/// tool itself says it.
pub(super) async fn require_scope(
    State(needs): State<Arc<HashMap<&'static str, Action>>>,
    request: Request,
    next: Next,
) -> Response {
    match lacking(&needs, &request) {
        None => next.run(request).await,
        Some((problem, challenge)) => {
            let mut response = problem.into_response();
            if let Some(challenge) = challenge {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

fn lacking(
    needs: &HashMap<&'static str, Action>,
    request: &Request,
) -> Option<(Problem, Option<HeaderValue>)> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    if header("mcp-method") != Some("tools/call") {
        return None;
    }
    let action = *needs.get(header("mcp-name")?)?;
    let Some(Authenticated::Caller(caller)) = request.extensions().get() else { return None };
    let needed = action.requirement();
    let may_have_it = caller.role >= needed.role;
    let (Credential::Grant { .. }, true) = (&caller.credential, may_have_it) else { return None };
    let refused = policy::authorize(caller, action).err()?;
    let challenge = needed.scope.zip(request.extensions().get::<Site>());
    let challenge = challenge.and_then(|(scope, site)| site.challenge_for(scope));
    Some((refused.into(), challenge))
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
