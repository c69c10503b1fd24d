//! Logging in and out.

use atc_core::{
    Ctx, Error, ErrorCode,
    policy::{self, Action},
    user::Password,
};
use axum::{
    extract::{Request, State},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{StatusCode, Uri, header};

use super::{COOKIE, view};
use crate::{
    ApiState,
    extract::{
        Can, ClientAddress, FromParams, Params, Query, RequestId,
        permissions::{ManageSession, ReadJobs},
    },
    layer::limit_auth,
    pages::{form::Form, session::ByHttps},
    problem::{Problem, Result, Told},
};

const PATH: &str = "/login";

/// Where to log in, and to come back from to the page that was asked for.
pub(super) fn address(asked: Option<&Uri>) -> String {
    let asked = asked.and_then(Uri::path_and_query).map(http::uri::PathAndQuery::as_str);
    match asked.filter(|asked| *asked != "/") {
        None => PATH.to_owned(),
        Some(asked) => {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("next", asked).finish();
            format!("{PATH}?{query}")
        }
    }
}

/// Where the login leads to.
pub(super) struct LoginParams {
    next: Option<String>,
}

impl FromParams for LoginParams {
    fn from_params(params: &mut Params) -> Self {
        Self { next: params.one("next") }
    }
}

/// A path of this dashboard; anything else could lead to another site.
fn local(next: Option<String>) -> String {
    let next = next.filter(|next| {
        let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        plain && next.starts_with('/') && !next.starts_with("//")
    });
    next.unwrap_or_else(|| "/".to_owned())
}

/// `GET /login`.
pub(super) async fn page(
    present: Result<Can<ReadJobs>, Problem>,
    Query(params): Query<LoginParams>,
) -> Response {
    let next = local(params.next);
    match present {
        Ok(_) => Redirect::to(&next).into_response(),
        Err(_) => view::login("", &next, None).into_response(),
    }
}

/// `POST /login`.
pub(super) async fn log_in(
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    https: ByHttps,
    request: Request,
) -> Result<Response> {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let form = Form::read(request.into_body()).await?;
    let field = |name| form.last(name).unwrap_or_default();
    let (email, password) = (field("email"), Password::unchecked(field("password").to_owned()));
    let next = local(form.last("next").map(str::to_owned));
    let entered = async {
        limit_auth(&state, address, email).await?;
        enter(&state, email, password, id).await
    };
    match entered.await {
        Ok(token) => {
            let cookie = COOKIE.begin(token, https).map(|value| (header::SET_COOKIE, value));
            Ok((AppendHeaders(cookie), Redirect::to(&next)).into_response())
        }
        Err(problem) => refused(problem, email, &next),
    }
}

/// The refresh token of an administrator's new session.
async fn enter(
    state: &ApiState,
    email: &str,
    password: Password,
    request_id: String,
) -> Result<String> {
    let session = state.app.login(email, &password).await?;
    let caller = state.app.authenticate(&session.access_token).await?;
    let ctx = Ctx { request_id, caller, now: state.app.now() };
    if policy::authorize(&ctx.caller, Action::ReadJobs).is_err() {
        state.app.logout(&ctx).await?;
        let detail = "You are known, but you are no administrator: this dashboard is for \
                      administrators only.";
        return Err(Error::forbidden(detail).into());
    }
    Ok(session.refresh_token)
}

/// The form once more, with what is wrong; what is not the person's to mend becomes a page of its own.
fn refused(problem: Problem, email: &str, next: &str) -> Result<Response> {
    let known = [ErrorCode::InvalidCredentials, ErrorCode::Forbidden, ErrorCode::RateLimited];
    if !known.contains(&problem.0.code) {
        return Err(problem);
    }
    let status = StatusCode::from_u16(problem.0.code.status()).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = (status, view::login(email, next, Some(&problem.0.detail))).into_response();
    if let Some(seconds) = problem.0.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response.extensions_mut().insert(problem);
    response.extensions_mut().insert(Told);
    Ok(response)
}

/// `POST /logout`.
pub(super) async fn log_out(
    Can { ctx, .. }: Can<ManageSession>,
    State(state): State<ApiState>,
    https: ByHttps,
) -> Result<Response> {
    state.app.logout(&ctx).await?;
    let cookie = COOKIE.end(https).map(|value| (header::SET_COOKIE, value));
    Ok((AppendHeaders(cookie), Redirect::to(PATH)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_pages_of_ours_only() {
        for good in ["/", "/jobs?state=dead&cursor=a_b", "/jobs/0198"] {
            assert_eq!(local(Some(good.to_owned())), good);
        }
        for bad in
            ["", "//evil", "/\\evil", "https://evil", "javascript:1", "/a\r\nX: y", "/ä", "jobs"]
        {
            assert_eq!(local(Some(bad.to_owned())), "/", "{bad}");
        }
    }

    #[test]
    fn the_way_back_is_kept() {
        let asked = |text: &str| address(Some(&text.parse().unwrap()));
        assert_eq!(asked("/"), "/login");
        assert_eq!(asked("/jobs?state=dead"), "/login?next=%2Fjobs%3Fstate%3Ddead");
    }
}
