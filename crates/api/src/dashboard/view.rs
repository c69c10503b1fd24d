//! The pages as HTML. Every text that is put in is escaped by `maud`.

mod chart;
mod format;
mod job;
mod jobs;
mod overview;

use atc_core::{Ctx, Error};
use maud::{Markup, html};

use super::FILES;
use crate::pages::{self, logo};

pub(super) use job::job;
pub(super) use jobs::{Turn, jobs};
pub(super) use overview::overview;

/// Who looks at a page.
pub(super) struct Frame {
    email: String,
}

impl Frame {
    /// The caller.
    pub fn of(ctx: &Ctx) -> Self {
        Self { email: ctx.caller.email.as_str().to_owned() }
    }
}

/// The pages that the menu leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Overview,
    Jobs,
}

const MENU: [(Place, &str, &str); 2] =
    [(Place::Overview, "/", "Overview"), (Place::Jobs, "/jobs", "Jobs")];

/// A page with its menu. What stands in elements with `data-live` is kept up to date by the script.
fn page(frame: &Frame, place: Place, title: &str, content: &Markup) -> Markup {
    document(
        title,
        &html! {
            header .bar {
                a .brand href="/" { (logo()) span { "AI Ticket Creator" } }
                nav aria-label="Pages" {
                    @for (here, path, name) in MENU {
                        a href=(path) aria-current=[(here == place).then_some("page")] { (name) }
                    }
                }
                div .who {
                    button #live .quiet type="button" hidden aria-pressed="true" { "Live" }
                    span .email title="You are logged in as this administrator" { (frame.email) }
                    form method="post" action="/logout" {
                        button .quiet type="submit" { "Log out" }
                    }
                }
            }
            main { (content) }
        },
    )
}

fn document(title: &str, body: &Markup) -> Markup {
    pages::document(title, &FILES, None, body)
}

/// The form to log in with. `fault` says what was wrong the last time.
pub(super) fn login(email: &str, next: &str, fault: Option<&str>) -> Markup {
    document(
        "Log in",
        &html! {
            main .narrow {
                form .card .login method="post" action="/login" {
                    h1 { (logo()) span { "Job dashboard" } }
                    p .muted { "AI Ticket Creator, for administrators" }
                    @if let Some(fault) = fault {
                        p .fault #fault role="alert" { (fault) }
                    }
                    input type="hidden" name="next" value=(next);
                    label for="email" { "E-mail" }
                    input #email name="email" type="text" inputmode="email" value=(email)
                        autocomplete="username" autocapitalize="none" spellcheck="false" required
                        maxlength="254" autofocus[email.is_empty()]
                        aria-describedby=[fault.map(|_| "fault")];
                    label for="password" { "Password" }
                    input #password name="password" type="password" autocomplete="current-password"
                        required autofocus[!email.is_empty()];
                    button .primary type="submit" { "Log in" }
                }
            }
        },
    )
}

/// What went wrong, and what to do.
pub(super) fn failure(error: &Error, request_id: &str) -> Markup {
    document(
        error.code.title(),
        &html! {
            main .narrow {
                div .card {
                    h1 { (error.code.title()) }
                    p { (error.detail) }
                    @if !error.fields.is_empty() {
                        ul { @for field in &error.fields { li { (field.message) } } }
                    }
                    p .muted { "Request " code { (request_id) } }
                    div .actions {
                        a .button href="/" { "To the overview" }
                        form method="post" action="/logout" {
                            button .quiet type="submit" { "Log out" }
                        }
                    }
                }
            }
        },
    )
}
