//! `POST /tickets/ai`.

use atc_core::{
    Error,
    error::Faults,
    text::PlainText,
    ticket::{Source, TicketContext, TicketFromText},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{created, fields};
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, FromParams, Once, Params, Query, permissions::CreateTicket},
    problem::Result,
    reply,
    wire::{DraftBody, TicketBody},
};

endpoint!(create_ticket_from_text);

/// The most characters of each part of the context.
const MAX_CONTEXT_CHARS: usize = 10_000;
/// The most lines of the console.
const MAX_CONSOLE_LINES: usize = 100;

/// Make a ticket from plain words.
///
/// Title, category, priority, tags, routing and triage come from the text. With `dry_run=true`
/// nothing is stored and the answer is the draft.
#[utoipa::path(
    post, path = "/tickets/ai", tag = "Tickets", request_body = TicketFromTextBody,
    params(
        DryRun,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
            pattern = "^[!-~]{1,255}$",
            description = "Makes a repeat harmless: within 24 hours it gets the first answer again.")
    ),
    responses(
        (status = 201, description = "The ticket.", body = TicketBody, headers(
            ("Location" = String, description = "Where it is."),
            ("ETag" = String, description = "Its version."),
        )),
        (status = 200, description = "With `dry_run=true`: the draft.", body = DraftBody),
    )
)]
async fn create_ticket_from_text(
    Can { ctx, .. }: Can<CreateTicket>,
    State(state): State<ApiState>,
    Query(DryRun { dry_run }): Query<DryRun>,
    once: Once,
    body: Body<TicketFromTextBody>,
) -> Result<Response> {
    let words = body.value.try_into()?;
    if dry_run {
        let (new, triage) = state.app.preview_ticket_from_text(&ctx, words).await?;
        return Ok(Json(DraftBody::new(new, triage)).into_response());
    }
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, created);
    reply::outcome(state.app.create_ticket_from_text(&ctx, words, remember).await?, created)
}

/// Whether to store.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct DryRun {
    /// Answer the draft and store nothing.
    #[param(default = false, required = false, example = false)]
    dry_run: bool,
}

impl FromParams for DryRun {
    fn from_params(params: &mut Params) -> Self {
        Self { dry_run: params.one("dry_run").unwrap_or(false) }
    }
}

/// Plain words, and where they were written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketFromText, example = json!({
    "text": "Hi, our card was charged twice for INV-20417. Please refund one of them. Thanks!"
}))]
struct TicketFromTextBody {
    /// The words.
    #[schema(min_length = 1, max_length = 50_000, required, nullable = false)]
    text: Option<String>,
    /// Where the person was when they wrote them.
    #[schema(nullable)]
    context: Option<ContextBody>,
    /// Files that were uploaded before.
    attachment_ids: Option<Vec<Uuid>>,
}

/// Where a person was, as a browser extension knows it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketContext, example = json!({
    "page_url": "https://example.com/billing", "page_title": "Billing"
}))]
struct ContextBody {
    /// Address of the page.
    #[schema(max_length = 10_000)]
    page_url: Option<String>,
    /// Title of the page.
    #[schema(max_length = 10_000)]
    page_title: Option<String>,
    /// What was selected on it.
    #[schema(max_length = 10_000)]
    selection: Option<String>,
    /// The browser.
    #[schema(max_length = 10_000)]
    user_agent: Option<String>,
    /// What the page wrote to the console; at most 100 lines.
    #[schema(max_items = 100)]
    console_errors: Option<Vec<String>>,
}

impl TryFrom<TicketFromTextBody> for TicketFromText {
    type Error = Error;

    fn try_from(body: TicketFromTextBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let text = faults.require("/text", body.text.map(PlainText::parse));
        let context = context(&mut faults, body.context.unwrap_or_default());
        let attachment_ids =
            fields::attachments(&mut faults, body.attachment_ids.unwrap_or_default());
        let words = text.zip(attachment_ids).map(|(text, attachment_ids)| Self {
            text,
            context,
            attachment_ids,
            source: Source::Ai,
        });
        faults.finish(words)
    }
}

fn context(faults: &mut Faults, body: ContextBody) -> TicketContext {
    let mut bounded = |pointer: String, text: String| {
        if text.chars().count() > MAX_CONTEXT_CHARS {
            let message = format!("At most {MAX_CONTEXT_CHARS} characters are allowed.");
            faults.body(pointer, message);
        }
        text
    };
    let mut part =
        |name: &str, text: Option<String>| text.map(|t| bounded(format!("/context/{name}"), t));
    let page_url = part("page_url", body.page_url);
    let page_title = part("page_title", body.page_title);
    let selection = part("selection", body.selection);
    let user_agent = part("user_agent", body.user_agent);
    let lines = body.console_errors.unwrap_or_default();
    let count = lines.len();
    let console_errors = lines
        .into_iter()
        .take(MAX_CONSOLE_LINES)
        .enumerate()
        .map(|(i, line)| bounded(format!("/context/console_errors/{i}"), line))
        .collect();
    if count > MAX_CONSOLE_LINES {
        let message = format!("At most {MAX_CONSOLE_LINES} lines are allowed.");
        faults.body("/context/console_errors", message);
    }
    TicketContext { page_url, page_title, selection, user_agent, console_errors }
}
