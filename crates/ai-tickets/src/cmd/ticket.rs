//! `ticket new`: the newcomer's first minute.

mod card;

use std::{
    io::{IsTerminal, Read, stdin},
    process::ExitCode,
};

use anyhow::{Context, Result};
use atc_app::App;
use atc_core::{
    Ctx, Error,
    idempotency::Outcome,
    text::PlainText,
    ticket::{Source, TicketContext, TicketFromText},
};

use self::card::Card;
use crate::{cli::Ticket, config::Settings, out, wire};

/// Makes a ticket from words, as the first administrator.
pub async fn run(settings: &Settings, command: Ticket) -> Result<ExitCode> {
    let Ticket::New { words, dry_run, json } = command;
    let text = PlainText::parse(read_words(&words)?).context("the words of the ticket")?;
    let app = wire::app(settings, wire::Engine::Local).await?;
    wire::first_admin(&app, settings).await?;
    app.take_over_model().await?;
    let ctx = app.operator().await?;
    let words = TicketFromText {
        text,
        context: TicketContext::default(),
        attachment_ids: Vec::new(),
        source: Source::Ai,
    };
    let card = if dry_run {
        let (draft, triage) = app.preview_ticket_from_text(&ctx, words).await?;
        Card::of_draft(&draft, triage)
    } else {
        make(&app, &ctx, words).await?
    };
    if json {
        out::line(serde_json::to_string_pretty(&card)?);
    } else {
        out::text(&card.to_string());
    }
    app.shut_down().await;
    Ok(ExitCode::SUCCESS)
}

async fn make(app: &App, ctx: &Ctx, words: TicketFromText) -> Result<Card> {
    match app.create_ticket_from_text(ctx, words, None).await? {
        Outcome::Created(ticket) => Card::of_ticket(&ticket),
        Outcome::Replayed(_) => Err(Error::internal("nothing is replayed without a key").into()),
    }
}

/// The words of the command line, or else all of standard input.
fn read_words(words: &[String]) -> Result<String> {
    if !words.is_empty() && words != ["-"] {
        return Ok(words.join(" "));
    }
    if stdin().is_terminal() {
        out::note("Say what is wrong, in your own words; end with Ctrl-D on a line of its own.");
    }
    // One byte more than any legal text, so that a longer one is told and not read to its end.
    let most = PlainText::MAX as u64 * 4 + 1;
    let mut text = String::new();
    let mut input = stdin().lock().take(most);
    input.read_to_string(&mut text).context("cannot read the words from standard input")?;
    Ok(text.trim().to_owned())
}
