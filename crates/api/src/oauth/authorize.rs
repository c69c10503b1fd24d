//! `/oauth/authorize`: a program asks, a person answers.
//!
//! Who asks is looked up only for a person who has logged in, and nobody is sent on to another site before they
//! pressed something: else anybody could make this server call, or lead to, any address.

use atc_app::{
    Authorization, AuthorizationFault, AuthorizationRequest, OauthError, OauthErrorCode, Return,
};
use atc_core::{Ctx, Error, ErrorCode, token::Scope};
use axum::{
    extract::{OriginalUri, Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, Uri};

use super::{Site, login, reply, view};
use crate::{
    ApiState,
    extract::{Can, permissions::ManageGrants},
    pages::form::Form,
    problem::{Problem, Result, Told},
};

/// What a program asks for; the form of the page carries it on.
pub(super) const PARAMETERS: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
];

/// `GET /oauth/authorize`.
pub(super) async fn page(
    present: Result<Can<ManageGrants>, Problem>,
    State(state): State<ApiState>,
    site: Site,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let address = address(&uri);
    let ctx = match login::or_log_in(present, &address)? {
        Ok(ctx) => ctx,
        Err(page) => return Ok(page),
    };
    let form = Form::of_query(uri.query().unwrap_or_default());
    match ask(&state, &site, &form).await? {
        Ok(authorization) => Ok(put_before(&ctx, &authorization, &form, &address, None)),
        Err(response) => Ok(response),
    }
}

/// `POST /oauth/authorize`.
pub(super) async fn decide(
    Can { ctx, .. }: Can<ManageGrants>,
    State(state): State<ApiState>,
    site: Site,
    request: Request,
) -> Result<Response> {
    let form = Form::read(request.into_body()).await?;
    let authorization = match ask(&state, &site, &form).await? {
        Ok(authorization) => authorization,
        Err(response) => return Ok(response),
    };
    let (name, back) = (authorization.client.name.as_str(), &authorization.back);
    if form.last("decision") != Some("allow") {
        let denied = [("error", OauthErrorCode::AccessDenied.as_str())];
        let address = back.with(&site.issuer(), &denied);
        return Ok(view::denied(name, &address).into_response());
    }
    let chosen: Vec<Scope> = form.all("allow").filter_map(|word| word.parse().ok()).collect();
    match state.app.agree(&ctx, &authorization, &chosen).await {
        Ok(code) => {
            let address = back.with(&site.issuer(), &[("code", &code)]);
            Ok(view::allowed(name, &address).into_response())
        }
        Err(OauthError::Failed(e)) => Err(e.into()),
        Err(OauthError::Refused { detail, .. }) => {
            let query = query_of(&form);
            let page = put_before(&ctx, &authorization, &form, &query, Some(&detail));
            Ok(told(StatusCode::BAD_REQUEST, page))
        }
    }
}

/// The page with the question, or one that says why there is none.
fn put_before(
    ctx: &Ctx,
    authorization: &Authorization,
    form: &Form,
    address: &str,
    fault: Option<&str>,
) -> Response {
    let question = view::Question {
        email: ctx.caller.email.as_str(),
        authorization,
        offered: &authorization.offered(ctx.caller.role),
        form,
        address,
        fault,
    };
    view::question(&question).into_response()
}

/// What is asked for, or the page that says why that cannot be put before a person.
async fn ask(
    state: &ApiState,
    site: &Site,
    form: &Form,
) -> Result<std::result::Result<Authorization, Response>> {
    let fault = match read(form) {
        Ok(request) => match state.app.read_authorization(request, &site.addresses()).await {
            Ok(authorization) => return Ok(Ok(authorization)),
            Err(fault) => fault,
        },
        Err(e) => AuthorizationFault::Unknown(e),
    };
    match fault {
        AuthorizationFault::Unknown(OauthError::Failed(e))
        | AuthorizationFault::Known { error: OauthError::Failed(e), .. } => Err(e.into()),
        AuthorizationFault::Unknown(OauthError::Refused { detail, .. }) => {
            Err(Error::new(ErrorCode::Malformed, detail).into())
        }
        AuthorizationFault::Known { client, back, error: OauthError::Refused { code, detail } } => {
            let address = tell_program(&back, site, code, &detail);
            let page = view::refused(&client, &back, &detail, &address).into_response();
            Ok(Err(told(StatusCode::BAD_REQUEST, page)))
        }
    }
}

fn tell_program(back: &Return, site: &Site, code: OauthErrorCode, detail: &str) -> String {
    back.with(&site.issuer(), &[("error", code.as_str()), ("error_description", detail)])
}

fn told(status: StatusCode, page: Response) -> Response {
    let mut response = (status, page).into_response();
    response.extensions_mut().insert(Told);
    response
}

fn read(form: &Form) -> std::result::Result<AuthorizationRequest, OauthError> {
    let once = |name| form.once(name).map_err(|_| reply::twice());
    Ok(AuthorizationRequest {
        response_type: once("response_type")?,
        client_id: once("client_id")?,
        redirect_uri: once("redirect_uri")?,
        scope: once("scope")?,
        state: once("state")?,
        code_challenge: once("code_challenge")?,
        code_challenge_method: once("code_challenge_method")?,
        resource: once("resource")?,
    })
}

/// This page's address, to come back to after a login.
fn address(uri: &Uri) -> String {
    uri.path_and_query().map(ToString::to_string).unwrap_or_default()
}

/// The same out of its form.
fn query_of(form: &Form) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in PARAMETERS {
        if let Some(value) = form.last(name) {
            query.append_pair(name, value);
        }
    }
    format!("/oauth/authorize?{}", query.finish())
}
