//! All routes, with everything that happens around them.

use atc_core::Error;
use axum::{
    Router, middleware,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{ApiState, docs, layer, openapi, problem::Problem, problems, v1, ws};

/// Everything that this server answers.
pub fn router(state: ApiState) -> Router {
    let authenticated = |router: Router<ApiState>| {
        router.layer(middleware::from_fn_with_state(state.clone(), layer::authenticate))
    };
    let limited = |router: Router<ApiState>| {
        router.layer(middleware::from_fn_with_state(state.clone(), layer::limit))
    };

    // The credential is read first, so that a person has one limit wherever they come from.
    let api = authenticated(limited(Router::from(openapi::described(v1::endpoints()))));
    let streamed = authenticated(limited(Router::from(openapi::described(v1::streamed()))));
    let guarded = authenticated(Router::from(openapi::described(openapi::guarded_system())));
    let sockets = limited(Router::from(openapi::described(ws::endpoints())));
    let config = state.config.clone();
    Router::new()
        .nest(v1::PREFIX, api)
        .merge(guarded)
        .merge(sockets)
        .merge(Router::from(openapi::described(openapi::system())))
        .merge(docs::routes(openapi::document()))
        .merge(problems::routes())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            config.request_timeout,
        ))
        // Above the layers that keep the time of everything else.
        .merge(Router::new().nest(v1::PREFIX, streamed))
        .layer(middleware::from_fn_with_state(state.clone(), layer::pace))
        .layer(middleware::from_fn_with_state(state.clone(), layer::check_headers))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(layer::cors(&config.cors_allowed_origins))
        .layer(middleware::from_fn_with_state(state.clone(), layer::request))
        .with_state(state)
}

/// A fault of ours ends one request and says nothing of itself to the client.
#[expect(clippy::needless_pass_by_value, reason = "so the layer calls it")]
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Problem::from(Error::internal(format!("a handler panicked: {text}"))).into_response()
}
