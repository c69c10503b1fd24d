//! Logging in to let a program in.

use atc_core::{Ctx, ErrorCode, user::Password};
use axum::{
    extract::{Request, State},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};

use super::{COOKIE, Site, grants, view};
use crate::{
    ApiState,
    extract::{
        Can, ClientAddress,
        permissions::{ManageGrants, ManageSession},
    },
    layer::limit_auth,
    pages::{form::Form, session::ByHttps},
    problem::{Problem, Result, Told},
};

/// A page of ours that a login may lead to; anything else could lead to another site.
fn local(next: Option<&str>) -> &str {
    let ours = |next: &&str| {
        let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        plain && (next.starts_with("/oauth/authorize?") || *next == grants::PATH)
    };
    next.filter(ours).unwrap_or(grants::PATH)
}

/// The caller, or the page on which they log in first, to come back to `next`.
pub(super) fn or_log_in(
    present: Result<Can<ManageGrants>>,
    next: &str,
) -> Result<std::result::Result<Ctx, Response>> {
    match present {
        Ok(Can { ctx, .. }) => Ok(Ok(ctx)),
        Err(problem) if problem.0.code == ErrorCode::Unauthenticated => {
            Ok(Err(view::login("", next, None).into_response()))
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /oauth/login`.
pub(super) async fn log_in(
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    site: Site,
    request: Request,
) -> Result<Response> {
    let form = Form::read(request.into_body()).await?;
    let field = |name| form.last(name).unwrap_or_default();
    let (email, password) = (field("email"), Password::unchecked(field("password").to_owned()));
    let next = local(form.last("next"));
    let entered = async {
        limit_auth(&state, address, email).await?;
        Ok::<_, Problem>(state.app.login(email, &password).await?)
    };
    match entered.await {
        Ok(session) => {
            let cookie = COOKIE.begin(session.refresh_token, ByHttps(site.is_https()));
            let cookie = cookie.map(|value| (header::SET_COOKIE, value));
            Ok((AppendHeaders(cookie), Redirect::to(next)).into_response())
        }
        Err(problem) => refused(problem, email, next),
    }
}

/// The form once more, with what is wrong; what is not the person's to mend becomes a page of its own.
fn refused(problem: Problem, email: &str, next: &str) -> Result<Response> {
    if ![ErrorCode::InvalidCredentials, ErrorCode::RateLimited].contains(&problem.0.code) {
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

/// `POST /oauth/logout`, to log in as somebody else.
pub(super) async fn log_out(
    Can { ctx, .. }: Can<ManageSession>,
    State(state): State<ApiState>,
    site: Site,
    request: Request,
) -> Result<Response> {
    let form = Form::read(request.into_body()).await?;
    state.app.logout(&ctx).await?;
    let cookie = COOKIE.end(ByHttps(site.is_https())).map(|value| (header::SET_COOKIE, value));
    Ok((AppendHeaders(cookie), Redirect::to(local(form.last("next")))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_pages_of_ours_only() {
        for good in ["/oauth/authorize?client_id=a&state=b", "/oauth/grants"] {
            assert_eq!(local(Some(good)), good);
        }
        for bad in [
            "",
            "/",
            "/oauth/authorize",
            "//evil/oauth/authorize?",
            "https://evil/oauth/authorize?",
            "/oauth/authorize?\r\nX: y",
            "/oauth/authorize?\\",
            "/oauth/authorize?ä",
            "/oauth/grants/../../mcp",
        ] {
            assert_eq!(local(Some(bad)), grants::PATH, "{bad}");
        }
    }
}
