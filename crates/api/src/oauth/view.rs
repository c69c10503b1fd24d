//! The pages as HTML. Every text that is put in is escaped by `maud`.

use atc_app::{Authorization, Place, Return};
use atc_core::{
    Ctx, Error,
    grant::{Grant, OauthClient},
    token::Scope,
};
use maud::{Markup, html};

use super::{FILES, authorize::PARAMETERS, grants};
use crate::pages::{self, form::Form, logo};

fn narrow(title: &str, goes_to: Option<&str>, body: &Markup) -> Markup {
    pages::document(title, &FILES, goes_to, &html! { main .narrow { (body) } })
}

/// The form to log in with. `fault` says what was wrong the last time.
pub(super) fn login(email: &str, next: &str, fault: Option<&str>) -> Markup {
    let form = html! {
        form .card .login method="post" action="/oauth/login" {
            h1 { (logo()) span { "Log in" } }
            p .muted { "AI Ticket Creator: a program asks to act for you. You decide on the next page." }
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
    };
    narrow("Log in", None, &form)
}

/// What a person is asked.
pub(super) struct Question<'a> {
    pub email: &'a str,
    pub authorization: &'a Authorization,
    /// What the program may have.
    pub offered: &'a [Scope],
    /// What it sent.
    pub form: &'a Form,
    /// Where this page is.
    pub address: &'a str,
    /// What was wrong the last time.
    pub fault: Option<&'a str>,
}

/// The page on which a person decides.
pub(super) fn question(question: &Question<'_>) -> Markup {
    let Authorization { client, back, .. } = question.authorization;
    let name = client.name.as_str();
    let body = html! {
        div .card {
            h1 { (logo()) " " span { "Let " q { (name) } " act for you?" } }
            (who(client, back))
            @if let Some(fault) = question.fault {
                p .fault role="alert" { (fault) }
            }
            form method="post" action="/oauth/authorize" {
                @for field in PARAMETERS {
                    @if let Some(value) = question.form.last(field) {
                        input type="hidden" name=(field) value=(value);
                    }
                }
                (choice(question.offered))
                p .muted {
                    "It never may more than you may, and you can end it at any time: "
                    a href=(grants::PATH) { "what programs may do for you" } "."
                }
                div .actions {
                    @if !question.offered.is_empty() {
                        button .primary type="submit" name="decision" value="allow" { "Allow" }
                    }
                    button type="submit" name="decision" value="deny" { "Cancel" }
                }
            }
            (account(question.email, question.address))
        }
    };
    narrow("Let a program in", None, &body)
}

/// Who asks, and where the answer goes: the one thing here that nobody can choose freely.
fn who(client: &OauthClient, back: &Return) -> Markup {
    let place = back.redirect.place();
    html! {
        p { "The program calls itself so; nobody has checked that." }
        dl .facts {
            dt { "Answer to" } dd { strong { (place) } }
            @if client.fresh_until.is_some() {
                dt { "Described at" } dd { (client.id) }
            }
        }
        p .muted {
            @match place {
                Place::Site(host) => {
                    "Whoever runs " (host) " will be let in. Go on only if you know that site."
                }
                Place::ThisComputer(_) | Place::Program(_) => {
                    "A program on the computer at which you sit will be let in. Go on only if you \
                     started this there yourself."
                }
            }
        }
    }
}

/// What the program may do, in plain words; a person may take away what they will.
fn choice(offered: &[Scope]) -> Markup {
    html! {
        @if offered.is_empty() {
            p { "You may nothing of what it asks for." }
        } @else {
            fieldset .scopes {
                legend { "It may" }
                @for scope in offered {
                    label {
                        input type="checkbox" name="allow" value=(scope)
                            checked[*scope != Scope::Admin];
                        span { (plain(*scope)) " " code .muted { (scope) } }
                    }
                }
            }
        }
    }
}

fn account(email: &str, next: &str) -> Markup {
    html! {
        form .account method="post" action="/oauth/logout" {
            input type="hidden" name="next" value=(next);
            span .muted { "You are " (email) "." }
            button .quiet .small type="submit" { "Use another account" }
        }
    }
}

const fn plain(scope: Scope) -> &'static str {
    match scope {
        Scope::TicketsRead => "read the tickets that you see, their comments and statistics",
        Scope::TicketsWrite => "make and change tickets, and comment, in your name",
        Scope::FilesRead => "read and download the files that you see",
        Scope::FilesWrite => "upload files, and delete those that you may",
        Scope::KnowledgeRead => "read and search help articles",
        Scope::KnowledgeWrite => "write and change help articles",
        Scope::Admin => {
            "everything that you may as an administrator: people, teams, webhooks, jobs"
        }
    }
}

/// The person agreed, and the browser goes back to the program.
pub(super) fn allowed(name: &str, address: &str) -> Markup {
    sent_back("It may act for you", name, address)
}

/// The person did not agree.
pub(super) fn denied(name: &str, address: &str) -> Markup {
    sent_back("Nothing was allowed", name, address)
}

/// By a page and not by a status: programs of their own schemes leave the page standing, and the form's policy
/// would not let its answer lead to another site.
fn sent_back(title: &str, name: &str, address: &str) -> Markup {
    let body = html! {
        div .card {
            h1 { (logo()) " " span { (title) } }
            p { "You can close this page and go on in " q { (name) } "." }
            p { a #back .button .primary href=(address) { "Back to the program" } }
        }
    };
    narrow(title, Some(address), &body)
}

/// The program asked for what cannot be; it hears of that if the person wants it.
pub(super) fn refused(client: &OauthClient, back: &Return, detail: &str, address: &str) -> Markup {
    let body = html! {
        div .card {
            h1 { "This cannot be asked" }
            p { q { (client.name) } " asked for access in a way that is not served here." }
            p .fault { (detail) }
            p { "Nothing was allowed. The program can be told at "
                strong { (back.redirect.place()) } "." }
            p { a #back .button href=(address) { "Tell the program" } }
        }
    };
    narrow("This cannot be asked", None, &body)
}

/// What a person lets programs do.
pub(super) fn grants(ctx: &Ctx, grants: &[Grant]) -> Markup {
    let body = html! {
        div .card {
            h1 { (logo()) " " span { "What programs may do for you" } }
            @if grants.is_empty() {
                p { "No program may act for you." }
            }
            @for grant in grants {
                section .grant {
                    h2 { q { (grant.client_name) } }
                    p .muted {
                        (grant.client_place) ", since " (grant.created_at.format("%Y-%m-%d")) ", last renewed "
                        (grant.renewed_at.format("%Y-%m-%d %H:%M")) " UTC"
                    }
                    ul { @for scope in &grant.scopes { li { (plain(*scope)) } } }
                    form method="post" action={ (grants::PATH) "/" (grant.id) "/end" } {
                        button .danger .small type="submit" { "End it" }
                    }
                }
            }
            (account(ctx.caller.email.as_str(), grants::PATH))
        }
    };
    narrow("What programs may do for you", None, &body)
}

/// What went wrong, and what to do.
pub(super) fn failure(error: &Error, request_id: &str) -> Markup {
    let body = html! {
        div .card {
            h1 { (error.code.title()) }
            p { (error.detail) }
            p .muted { "Nothing was allowed. Request " code { (request_id) } }
        }
    };
    narrow(error.code.title(), None, &body)
}
