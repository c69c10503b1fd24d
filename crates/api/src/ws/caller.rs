//! Who opens a socket, found out before the upgrade: by header, by ticket or by sub-protocol.

use std::marker::PhantomData;

use atc_app::Connected;
use atc_core::{Error, ErrorCode, policy};
use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use super::origin;
use crate::{
    ApiState,
    endpoint::{Access, Declares},
    extract::Permission,
    layer::bearer,
    problem::Problem,
};

/// The sub-protocol that announces a token as the next one.
const PROTOCOL: &str = "bearer";

/// The caller may perform the action over a socket from where they are.
pub(crate) struct SocketCaller<P> {
    pub connected: Connected,
    _permission: PhantomData<P>,
}

impl<P: Permission> Declares for SocketCaller<P> {
    const ACCESS: Access = Access::Can(P::ACTION);
}

impl<P: Permission> FromRequestParts<ApiState> for SocketCaller<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if !origin::is_allowed(&parts.headers, &state.config.cors_allowed_origins) {
            let detail = "Pages of this origin may not connect; see CORS_ALLOWED_ORIGINS.";
            return Err(Error::forbidden(detail).into());
        }
        let ticket = ticket(parts.uri.query().unwrap_or_default());
        let connected = if let Some(token) = bearer(&parts.headers) {
            state.app.connect(token).await?
        } else if let Some(ticket) = ticket {
            state.app.redeem_ws_ticket(&ticket).await?
        } else if let Some(token) = token_of_protocols(&parts.headers) {
            state.app.connect(&token).await?
        } else {
            let detail = "Send a Bearer token, a ticket or the sub-protocols bearer and the token.";
            return Err(Error::new(ErrorCode::Unauthenticated, detail).into());
        };
        policy::authorize(&connected.caller, P::ACTION)?;
        Ok(Self { connected, _permission: PhantomData })
    }
}

fn ticket(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "ticket").map(|(_, value)| value.into_owned())
}

/// The sub-protocol after `bearer`.
fn token_of_protocols(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut protocols =
        lines.filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).map(str::trim);
    protocols.find(|protocol| *protocol == PROTOCOL)?;
    protocols.next().map(str::to_owned)
}
