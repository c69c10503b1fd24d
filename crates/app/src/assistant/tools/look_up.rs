//! Tools that read: articles, tickets, files. Everybody sees here what they see elsewhere.

use std::fmt::Write as _;

use atc_core::{
    article::SearchMode,
    file::{Extracted, File, FileStatus},
    id::{TicketNumber, TicketRef},
    page::{Limit, PageRequest},
    ports::TriageInput,
    ticket::{Status, Ticket, TicketFilter, TicketSort},
};
use atc_store::SimilarQuery;

use super::{
    Fault,
    arguments::{GetTicket, ReadFile, Search, SearchTickets, query},
    bounded, data,
};
use crate::{
    assistant::{sources::FilePlace, turn::Turn},
    triage::LIKELY_DUPLICATE,
};

/// How many articles or tickets a search gives.
const MOST_HITS: usize = 5;
/// How many comments of a ticket are shown, the latest.
const MOST_COMMENTS: usize = 10;
/// The most characters of a ticket's description, and of a comment.
const MOST_TEXT: usize = 4_000;
/// The most characters of a file in one answer.
const MOST_FILE_TEXT: usize = 6_000;
/// How many pieces of a file one answer has.
const MOST_PIECES: usize = 40;

/// Articles that answer a question.
pub(super) async fn knowledge(turn: &mut Turn<'_>, args: Search) -> Result<String, Fault> {
    let wanted = query(&args.query)?;
    let (app, ctx) = (turn.app, &turn.ctx);
    let hits = app.search_articles(ctx, wanted, SearchMode::Hybrid, MOST_HITS).await?;
    if hits.is_empty() {
        return Ok("No article fits.".to_owned());
    }
    let mut text = String::new();
    for hit in &hits {
        let mark = turn.sources.article(hit);
        turn.known.hear(&hit.snippet);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "[{mark}] {} ({:.2})\n{}\n", hit.title, hit.score, hit.snippet);
    }
    Ok(data(turn, "articles", &text))
}

/// Tickets with these words or, where none has them, tickets like them.
pub(super) async fn tickets(turn: &mut Turn<'_>, args: SearchTickets) -> Result<String, Fault> {
    let wanted = query(&args.query)?;
    let status = match &args.status {
        Some(word) => {
            vec![word.parse::<Status>().map_err(|e| Fault::call(format!("`status`: {e}")))?]
        }
        None => Vec::new(),
    };
    let filter = TicketFilter {
        status: status.clone(),
        query: Some(wanted.to_owned()),
        ..TicketFilter::default()
    };
    let limit = Limit::new(MOST_HITS as u64).unwrap_or_default();
    let page = PageRequest { limit, ..PageRequest::default() };
    let page = turn.app.list_tickets(&turn.ctx, &filter, TicketSort::Relevance, page).await?;
    let mut found = page.items;
    if found.is_empty() {
        found = like(turn, wanted, MOST_HITS).await?;
        found.retain(|ticket| status.is_empty() || status.contains(&ticket.status));
    }
    if found.is_empty() {
        return Ok("No ticket that the person may see fits.".to_owned());
    }
    let mut text = String::new();
    for ticket in &found {
        let line = line_of(turn, ticket);
        let _ = writeln!(text, "{line}");
    }
    Ok(data(turn, "tickets", &text))
}

/// Tickets that the person may see and that are likely about the same, most alike first.
pub(in crate::assistant) async fn like(
    turn: &Turn<'_>,
    text: &str,
    limit: usize,
) -> atc_core::Result<Vec<Ticket>> {
    let app = turn.app;
    let visibility = turn.ctx.caller.visibility();
    let input = TriageInput { title: None, text: text.to_owned() };
    let meaning = app.engine.meanings(vec![input]).await?.and_then(|mut m| m.pop());
    let query = SimilarQuery {
        title: "",
        text,
        meaning: meaning.as_ref(),
        visibility,
        exclude: turn.subject.as_ref().map(|t| t.number),
        limit,
    };
    let hits = app.store.similar_tickets(&query).await?;
    let numbers: Vec<TicketNumber> =
        hits.iter().filter(|h| h.score >= LIKELY_DUPLICATE).map(|h| h.number).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let found = app.store.tickets().find_many(&numbers, visibility).await?;
    let in_order = numbers.iter().filter_map(|n| found.iter().find(|t| t.number == *n).cloned());
    Ok(in_order.collect())
}

/// A ticket on one line, with its mark.
fn line_of(turn: &mut Turn<'_>, ticket: &Ticket) -> String {
    let mark = turn.sources.ticket(ticket);
    format!(
        "[{mark}] #{} {} (status {}, priority {}, category {}, changed {})",
        ticket.number,
        ticket.title,
        ticket.status,
        ticket.priority,
        ticket.category,
        ticket.updated_at.format("%Y-%m-%d %H:%M UTC")
    )
}

/// One ticket with its latest comments and its files.
pub(super) async fn ticket(turn: &mut Turn<'_>, args: GetTicket) -> Result<String, Fault> {
    let reference = args.ticket.reference()?;
    let ticket = turn.app.get_ticket(&turn.ctx, reference).await?;
    let text = whole(turn, &ticket).await?;
    Ok(data(turn, "ticket", &text))
}

/// Everything of a ticket that a model is told.
pub(in crate::assistant) async fn whole(
    turn: &mut Turn<'_>,
    ticket: &Ticket,
) -> atc_core::Result<String> {
    let mut text = line_of(turn, ticket);
    let names = [
        ("requester", Some(ticket.requester.full_name.as_str())),
        ("assignee", ticket.assignee.as_ref().map(|a| a.full_name.as_str())),
        ("team", ticket.team.as_ref().map(|t| t.name.as_str())),
    ];
    for (what, name) in names {
        let _ = write!(text, "\n{what}: {}", name.unwrap_or("nobody"));
    }
    let _ = write!(text, "\n\n{}\n", bounded(ticket.description.as_str(), MOST_TEXT));
    for file in &ticket.attachments {
        let _ = write!(
            text,
            "\nfile {} {} ({})",
            file.id,
            file.filename.as_str(),
            file.status.as_str()
        );
    }
    for comment in latest_comments(turn, ticket).await? {
        let note = if comment.internal { ", internal note" } else { "" };
        let _ = write!(
            text,
            "\n\ncomment by {} on {}{note}:\n{}",
            comment.author.full_name,
            comment.created_at.format("%Y-%m-%d %H:%M UTC"),
            bounded(comment.body.as_str(), MOST_TEXT)
        );
    }
    turn.known.hear(&text);
    Ok(text)
}

/// The latest comments that the person may see, oldest first.
pub(in crate::assistant) async fn latest_comments(
    turn: &Turn<'_>,
    ticket: &Ticket,
) -> atc_core::Result<Vec<atc_core::comment::Comment>> {
    let reference = TicketRef::Number(ticket.number);
    let mut page =
        PageRequest { limit: Limit::new(100).unwrap_or_default(), ..PageRequest::default() };
    let mut latest = Vec::new();
    loop {
        let found = turn.app.list_comments(&turn.ctx, reference, page).await?;
        latest.extend(found.items);
        let surplus = latest.len().saturating_sub(MOST_COMMENTS);
        latest.drain(..surplus);
        let Some(next) = found.next else { return Ok(latest) };
        page = PageRequest {
            limit: Limit::new(100).unwrap_or_default(),
            after: Some(next),
            include_total: false,
        };
    }
}

/// What was read in a file.
pub(super) async fn file(turn: &mut Turn<'_>, args: ReadFile) -> Result<String, Fault> {
    let (file, content) = turn.app.get_file(&turn.ctx, args.file_id).await?;
    let Some(content) = content else {
        let why = match file.status {
            FileStatus::Failed => "it could not be read",
            _ => "it has not been read yet",
        };
        return Ok(format!("There is no text of this file: {why}."));
    };
    let pieces = pieces(&content);
    let wanted: Vec<_> =
        pieces.iter().filter(|(place, text)| is_wanted(&args, *place, text)).collect();
    if wanted.is_empty() {
        return Ok("Nothing stands at that place.".to_owned());
    }
    let text = passages(turn, &file, &wanted);
    turn.known.hear(&text);
    Ok(data(turn, "file", &text))
}

fn is_wanted(args: &ReadFile, place: FilePlace, text: &str) -> bool {
    let page = args.page.is_none_or(|page| place.page == Some(page));
    let second = args.from_second.is_none_or(|from| place.start.is_some_and(|start| start >= from));
    let find = args.find.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let words = find.is_none_or(|find| {
        let text = text.to_lowercase();
        find.to_lowercase().split_whitespace().all(|word| text.contains(word))
    });
    page && second && words
}

fn passages(turn: &mut Turn<'_>, file: &File, wanted: &[&(FilePlace, String)]) -> String {
    let mut text = format!("{}\n", file.filename.as_str());
    let mut room = MOST_FILE_TEXT;
    for (at, (place, piece)) in wanted.iter().enumerate() {
        if at == MOST_PIECES || room == 0 {
            let _ = write!(text, "\n(there is more: {} of {} places shown)", at, wanted.len());
            break;
        }
        let mark = turn.sources.file(file, *place, piece);
        let shown = bounded(piece, room);
        room = room.saturating_sub(shown.chars().count());
        let _ = match (place.page, place.start) {
            (Some(page), _) => writeln!(text, "\n[{mark}] page {page}:\n{shown}"),
            (_, Some(start)) => writeln!(text, "\n[{mark}] second {start:.0}:\n{shown}"),
            _ => writeln!(text, "\n[{mark}]\n{shown}"),
        };
    }
    text
}

/// A file's text in pieces, each with its place.
pub(in crate::assistant) fn pieces(content: &Extracted) -> Vec<(FilePlace, String)> {
    let page = |number| FilePlace { page: Some(number), start: None };
    let second = |start| FilePlace { page: None, start: Some(start) };
    let mut pieces: Vec<(FilePlace, String)> = Vec::new();
    pieces.extend(content.segments.iter().map(|s| (second(s.start), s.text.clone())));
    pieces.extend(content.frames.iter().map(|f| (second(f.at), f.text.clone())));
    pieces.extend(content.pages.iter().map(|p| (page(p.number), p.text.clone())));
    if pieces.is_empty() {
        pieces.push((FilePlace::default(), content.text.clone()));
    }
    pieces.retain(|(_, text)| !text.trim().is_empty());
    pieces
}
