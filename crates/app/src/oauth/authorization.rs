//! A program asks, and a person agrees.

use atc_core::{Ctx, grant::OauthClient, policy, token::Scope, user::Role};
use atc_store::OauthCode;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use url::Url;

use super::{
    OauthSite, USUAL_SCOPES,
    error::{OauthError, OauthErrorCode, Result},
    known_scopes,
    redirect::RedirectUri,
};
use crate::{App, auth};

/// How every code begins.
const PREFIX: &str = "atcc_";
/// How long a code serves.
const CODE_TTL: TimeDelta = TimeDelta::seconds(60);

/// What a program asks for (RFC 6749, 4.1.1; RFC 7636, 4.3; RFC 8707, 2), as it came.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationRequest {
    /// How it wants to be answered.
    pub response_type: Option<String>,
    /// Who it is.
    pub client_id: Option<String>,
    /// Where the answer shall lead to.
    pub redirect_uri: Option<String>,
    /// What it wants to do.
    pub scope: Option<String>,
    /// What it wants to hear again.
    pub state: Option<String>,
    /// What proves later that it was the one who asked.
    pub code_challenge: Option<String>,
    /// How that was made.
    pub code_challenge_method: Option<String>,
    /// At which server.
    pub resource: Option<String>,
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The address.
    pub redirect: RedirectUri,
    /// What the program wants to hear again.
    pub state: Option<String>,
}

impl Return {
    /// The address with this answer of this issuer (RFC 9207).
    pub fn with(&self, issuer: &str, answer: &[(&str, &str)]) -> String {
        let mut pairs = answer.to_vec();
        if let Some(state) = &self.state {
            pairs.push(("state", state));
        }
        pairs.push(("iss", issuer));
        self.redirect.with(&pairs)
    }
}

/// A request that can be put before a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Who asks.
    pub client: OauthClient,
    /// Where the answer goes.
    pub back: Return,
    challenge: [u8; 32],
    resource: String,
    scopes: Vec<Scope>,
}

impl Authorization {
    /// What of that for which the program asks is of use to a person of this role.
    #[must_use]
    pub fn offered(&self, role: Role) -> Vec<Scope> {
        let scopes = self.scopes.iter().copied();
        scopes.filter(|scope| policy::is_of_use(*scope, role)).collect()
    }
}

/// Why a request cannot be put before a person.
#[derive(Debug)]
pub enum AuthorizationFault {
    /// Who asks is not known, or not that the answer may lead there: nobody but the person is told.
    Unknown(OauthError),
    /// The program may be told, if the person lets it.
    Known {
        /// Who asked.
        client: OauthClient,
        /// Where the answer goes.
        back: Return,
        /// What is wrong.
        error: OauthError,
    },
}

impl From<OauthError> for AuthorizationFault {
    fn from(e: OauthError) -> Self {
        Self::Unknown(e)
    }
}

impl App {
    /// Reads what a program asks for at this site.
    ///
    /// # Errors
    /// What is wrong, and whom to tell.
    pub async fn read_authorization(
        &self,
        request: AuthorizationRequest,
        site: &OauthSite,
    ) -> std::result::Result<Authorization, AuthorizationFault> {
        let invalid = |detail| OauthError::new(OauthErrorCode::InvalidRequest, detail);
        let id = request.client_id.as_deref();
        let id = id.ok_or_else(|| invalid("The parameter client_id is missing."))?;
        let client = self.find_client(id).await?;
        let redirect = redirect(&client, request.redirect_uri.as_deref())?;
        let back = Return { redirect, state: request.state.clone() };
        match read_rest(&request, site) {
            Ok((challenge, scopes)) => {
                let resource = site.resource.clone();
                Ok(Authorization { client, back, challenge, resource, scopes })
            }
            Err(error) => Err(AuthorizationFault::Known { client, back, error }),
        }
    }

    /// The caller agrees to these scopes of what a program asks for. Gives the code, which serves once.
    ///
    /// # Errors
    /// When there is nothing among them, or something for which the program did not ask or that is of no
    /// use to the caller.
    pub async fn agree(
        &self,
        ctx: &Ctx,
        authorization: &Authorization,
        chosen: &[Scope],
    ) -> Result<String> {
        let offered = authorization.offered(ctx.caller.role);
        if chosen.is_empty() || chosen.iter().any(|scope| !offered.contains(scope)) {
            let detail = "Choose at least one of the scopes that are offered.";
            return Err(OauthError::new(OauthErrorCode::InvalidScope, detail));
        }
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        let secret = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let Authorization { client, back, challenge, resource, .. } = authorization;
        let code = OauthCode {
            user_id: ctx.caller.user_id,
            client_id: client.id.clone(),
            client_name: client.name.clone(),
            client_place: back.redirect.place().to_string(),
            redirect_uri: back.redirect.as_str().to_owned(),
            challenge: *challenge,
            resource: resource.clone(),
            scopes: offered.into_iter().filter(|scope| chosen.contains(scope)).collect(),
            expires_at: ctx.now + CODE_TTL,
        };
        let tx = self.store.begin().await?;
        tx.oauth_clients().touch(&client.id, ctx.now).await?;
        tx.oauth_codes().insert(&auth::hash_secret(&secret), &code).await?;
        tx.commit().await?;
        Ok(secret)
    }
}

/// The address for the answer, which the program made known.
fn redirect(client: &OauthClient, asked: Option<&str>) -> Result<RedirectUri> {
    let refused = |detail| OauthError::new(OauthErrorCode::InvalidRequest, detail);
    let text = match (asked, client.redirect_uris.as_slice()) {
        (Some(asked), _) => asked,
        (None, [only]) => only,
        (None, _) => return Err(refused("The parameter redirect_uri is missing.")),
    };
    let asked = RedirectUri::parse(text).map_err(refused)?;
    if client.redirect_uris.iter().any(|known| asked.is_of(known)) {
        return Ok(asked);
    }
    Err(refused("The program did not make this redirect_uri known."))
}

/// What proves later that the same program comes, and what it wants to do.
fn read_rest(request: &AuthorizationRequest, site: &OauthSite) -> Result<([u8; 32], Vec<Scope>)> {
    let invalid = |detail| OauthError::new(OauthErrorCode::InvalidRequest, detail);
    match request.response_type.as_deref() {
        Some("code") => {}
        Some(_) => {
            let detail = "The response type code is the way to an answer here.";
            return Err(OauthError::new(OauthErrorCode::UnsupportedResponseType, detail));
        }
        None => return Err(invalid("The parameter response_type is missing.")),
    }
    if request.code_challenge_method.as_deref() != Some("S256") {
        // Left out, it would be `plain` (RFC 7636, 4.3), which OAuth 2.1 does not want from who can do more.
        return Err(invalid("Send a code_challenge with code_challenge_method S256."));
    }
    let challenge = request.code_challenge.as_deref().unwrap_or_default();
    let challenge = BASE64_URL_SAFE_NO_PAD.decode(challenge).ok();
    let challenge = challenge.and_then(|bytes| bytes.try_into().ok());
    let challenge = challenge.ok_or_else(|| {
        invalid("The code_challenge is no SHA-256 in base64url of 43 characters.")
    })?;
    check_resource(request.resource.as_deref(), site)?;
    let scopes = match request.scope.as_deref() {
        None => USUAL_SCOPES.to_vec(),
        Some(text) => known_scopes(text),
    };
    if scopes.is_empty() {
        let detail = "None of these scopes is known; see scopes_supported.";
        return Err(OauthError::new(OauthErrorCode::InvalidScope, detail));
    }
    Ok((challenge, scopes))
}

/// Whether the one resource is meant that there is; who names none means it as well, as clients from before
/// RFC 8707 do. Scheme and host may be written in any case.
pub(super) fn check_resource(asked: Option<&str>, site: &OauthSite) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    let plain = |text: &str| Url::parse(text).ok();
    if asked == site.resource || plain(asked).is_some_and(|url| plain(&site.resource) == Some(url))
    {
        return Ok(());
    }
    let detail = format!("The resource of this server is {}.", site.resource);
    Err(OauthError::new(OauthErrorCode::InvalidTarget, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_resource_is_meant_however_its_host_is_written() {
        let site = OauthSite {
            issuer: "https://desk.example".into(),
            resource: "https://desk.example/mcp".into(),
        };
        for good in [None, Some("https://desk.example/mcp"), Some("HTTPS://Desk.Example:443/mcp")] {
            assert!(check_resource(good, &site).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "https://desk.example",
            "https://desk.example/mcp/",
            "https://desk.example/mcp#x",
            "https://desk.example/mcp?x",
            "http://desk.example/mcp",
            "https://desk.example:8443/mcp",
            "https://evil.example/mcp",
            "https://desk.example/MCP",
        ] {
            assert!(check_resource(Some(bad), &site).is_err(), "{bad}");
        }
    }
}
