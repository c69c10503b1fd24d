//! `/docs`, `/redoc` and `/openapi.json`, all from the binary itself.

use std::sync::Arc;

use atc_core::Error;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use rust_embed::RustEmbed;

use crate::{ApiState, problem::Problem};

/// The pages, and below `vendor/` the bundles of Swagger UI and ReDoc that `scripts/fetch-assets`
/// puts there. Without them the program builds, and the pages say what is missing.
#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

/// Both bundles style their elements inline, and ReDoc searches in a worker of its own.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The routes of the documents.
pub(crate) fn routes(openapi: String) -> Router<ApiState> {
    let openapi: Bytes = openapi.into();
    let openapi = Arc::new(openapi);
    Router::new()
        .route("/docs", routing::get(|| async { asset("swagger.html") }))
        .route("/redoc", routing::get(|| async { asset("redoc.html") }))
        .route("/docs/assets/{*path}", routing::get(async |Path(path): Path<String>| asset(&path)))
        .route(
            "/openapi.json",
            routing::get(move || {
                let document = Bytes::clone(&openapi);
                async move { ([(header::CONTENT_TYPE, "application/json")], document) }
            }),
        )
}

fn asset(path: &str) -> Result<Response, Problem> {
    let Some(file) = Assets::get(path) else {
        let missing = path.starts_with("vendor/");
        let error = if missing {
            Error::unavailable("This build lacks the page's bundle: run scripts/fetch-assets.", 60)
        } else {
            Error::not_found("page")
        };
        return Err(error.into());
    };
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::CONTENT_TYPE, media_type(path)), (header::CONTENT_SECURITY_POLICY, CSP)];
    Ok((headers, file.data).into_response())
}

fn media_type(path: &str) -> HeaderValue {
    HeaderValue::from_static(match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    })
}
