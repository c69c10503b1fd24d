//! What all pages for people have in common: the job dashboard's, and those on which they let programs in.

pub(crate) mod form;
pub(crate) mod origin;
pub(crate) mod session;

use axum::{Router, routing};
use http::header;
use maud::{DOCTYPE, Markup, html};

use crate::ApiState;

/// How pages look.
pub(crate) const STYLE: &str = include_str!("dashboard/assets/dashboard.css");
/// What stands in a tab.
pub(crate) const ICON: &str = include_str!("dashboard/assets/icon.svg");

/// Where the files of pages are.
pub(crate) struct Files {
    pub style: &'static str,
    pub icon: &'static str,
    pub script: Option<&'static str>,
}

/// The route of a file from the binary itself.
pub(crate) fn file(path: &str, media_type: &'static str, text: &'static str) -> Router<ApiState> {
    let get = routing::get(move || async move { ([(header::CONTENT_TYPE, media_type)], text) });
    Router::new().route(path, get)
}

/// A whole page. `goes_to` is an address that the browser goes to by itself.
pub(crate) fn document(title: &str, files: &Files, goes_to: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                @if let Some(address) = goes_to {
                    meta http-equiv="refresh" content={ "0;url=" (address) };
                }
                title { (title) " · AI Ticket Creator" }
                link rel="icon" type="image/svg+xml" href=(files.icon);
                link rel="stylesheet" href=(files.style);
                @if let Some(script) = files.script {
                    script src=(script) defer {}
                }
            }
            body { (body) }
        }
    }
}

/// Our sign.
pub(crate) fn logo() -> Markup {
    html! {
        svg .logo viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" {
            rect x="3" y="13" width="4" height="8" rx="1" {}
            rect x="10" y="8" width="4" height="13" rx="1" {}
            rect x="17" y="3" width="4" height="18" rx="1" {}
        }
    }
}
