//! Style, script and icon, from the binary itself.

use axum::{Router, routing};
use http::header;

use crate::ApiState;

const STYLE: &str = include_str!("assets/dashboard.css");
const SCRIPT: &str = include_str!("assets/dashboard.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The routes of what the pages need besides.
pub(super) fn routes() -> Router<ApiState> {
    let file = |media_type: &'static str, text: &'static str| {
        routing::get(move || async move { ([(header::CONTENT_TYPE, media_type)], text) })
    };
    Router::new()
        .route("/assets/dashboard.css", file("text/css; charset=utf-8", STYLE))
        .route("/assets/dashboard.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/assets/icon.svg", file("image/svg+xml", ICON))
}
