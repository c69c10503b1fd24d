//! The job dashboard: pages for administrators, on a port of their own.
//!
//! The pages are whole without a script; `assets/dashboard.js` only fetches the page that is open
//! again while it is seen, and puts in what changed.

mod failure;
mod job;
mod jobs;
mod login;
mod overview;
mod queues;
mod view;

use axum::{Router, middleware, routing};
use chrono::TimeDelta;
use cookie::SameSite;
use http::StatusCode;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    ApiState, layer,
    pages::{
        self, Files, origin,
        session::{self, SessionCookie},
    },
    router::panicked,
};

/// A login lasts a working day.
static COOKIE: SessionCookie = SessionCookie {
    name: "atc_dashboard",
    path: "/",
    same_site: SameSite::Strict,
    lasts: TimeDelta::hours(12),
};
/// What the pages need besides.
const FILES: Files = Files {
    style: "/assets/dashboard.css",
    icon: "/assets/icon.svg",
    script: Some("/assets/dashboard.js"),
};
const SCRIPT: &str = include_str!("dashboard/assets/dashboard.js");

/// Everything that the dashboard answers.
pub fn dashboard(state: ApiState) -> Router {
    let pages = Router::new()
        .route("/", routing::get(overview::page))
        .route("/jobs", routing::get(jobs::page))
        .route("/jobs/{id}", routing::get(job::page))
        .route("/jobs/{id}/retry", routing::post(job::retry))
        .route("/jobs/{id}/cancel", routing::post(job::cancel))
        .route("/jobs/{id}/delete", routing::post(job::delete))
        .route("/queues/{name}/pause", routing::post(queues::pause))
        .route("/queues/{name}/resume", routing::post(queues::resume))
        .route("/login", routing::get(login::page).post(login::log_in))
        .route("/logout", routing::post(login::log_out))
        .layer(middleware::from_fn_with_state(state.clone(), layer::limit))
        .layer(middleware::from_fn_with_state((state.clone(), &COOKIE), session::authenticate))
        .layer(middleware::from_fn(origin::check));
    let config = state.config.clone();
    pages
        .merge(files())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            config.request_timeout,
        ))
        .layer(middleware::from_fn_with_state(state.clone(), layer::pace))
        .layer(middleware::from_fn_with_state(state.clone(), layer::check_headers))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(failure::tell))
        .layer(middleware::from_fn_with_state(state.clone(), layer::request))
        .with_state(state)
}

fn files() -> Router<ApiState> {
    let script = "/assets/dashboard.js";
    pages::file(FILES.style, "text/css; charset=utf-8", pages::STYLE)
        .merge(pages::file(FILES.icon, "image/svg+xml", pages::ICON))
        .merge(pages::file(script, "text/javascript; charset=utf-8", SCRIPT))
}
