//! `/problems/{slug}`: what each kind of problem means, where its `type` points.

use std::fmt::Write as _;

use atc_core::{Error, ErrorCode};
use axum::{
    Router,
    extract::Path,
    response::{Html, IntoResponse, Response},
    routing,
};

use crate::{ApiState, problem::Problem};

/// The routes of the documentation of problems.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/problems", routing::get(all)).route("/problems/{slug}", routing::get(one))
}

async fn all() -> Response {
    page("Problems", ErrorCode::ALL).into_response()
}

async fn one(Path(slug): Path<String>) -> Result<Response, Problem> {
    let code = ErrorCode::ALL.iter().find(|code| code.slug() == slug);
    let code = code.ok_or_else(|| Error::not_found("kind of problem"))?;
    Ok(page(code.title(), std::slice::from_ref(code)).into_response())
}

/// Titles and descriptions are our own constants, so that nothing needs to be escaped.
fn page(title: &str, codes: &[ErrorCode]) -> Html<String> {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n"
    );
    for code in codes {
        // Writing to a String cannot fail.
        let _ = writeln!(
            html,
            "<h1 id=\"{slug}\">{title}</h1>\n<p>Status {status} · <code>/problems/{slug}</code></p>\n\
             <p>{description}</p>",
            slug = code.slug(),
            title = code.title(),
            status = code.status(),
            description = code.description(),
        );
    }
    Html(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_constants_need_no_escaping() {
        for code in ErrorCode::ALL {
            let text = format!("{}{}", code.title(), code.description());
            assert!(!text.contains(['<', '>', '&']), "{code}");
        }
    }
}
