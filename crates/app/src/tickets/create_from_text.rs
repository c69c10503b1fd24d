//! Making a ticket from plain words.

use std::fmt::Write as _;

use atc_core::{
    Ctx, Error, Result,
    caller::Visibility,
    error::Faults,
    file::{FileId, ReadFile},
    idempotency::{Outcome, Remember},
    json::RawJson,
    ports::TriageInput,
    text::{Description, Tag, Title},
    ticket::{MAX_METADATA_BYTES, MAX_TAGS, NewTicket, Ticket, TicketContext, TicketFromText},
    triage::Triage,
};
use atc_store::Tx;
use serde_json::{Map, Value};

use super::create::Draft;
use crate::{
    App,
    agents::{Advice, Task},
    triage::TriageReading,
};

impl App {
    /// Makes a ticket from plain words: title, category, priority, tags, routing and triage come
    /// from the text.
    ///
    /// # Errors
    /// Invalid when an attachment is not there; unavailable when the engine has too much to do.
    pub async fn create_ticket_from_text(
        &self,
        ctx: &Ctx,
        words: TicketFromText,
        remember: Option<Remember<'_, Ticket>>,
    ) -> Result<Outcome<Ticket>> {
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        let draft = self.draft_from_text(ctx, words, true).await?;
        self.write_draft(ctx, draft, remember, async |_, _| Ok(())).await
    }

    /// Makes a ticket that an agent wrote on behalf of the caller, read by the embedded engine now and by
    /// a language model later. What `also` writes is written in the same transaction.
    ///
    /// # Errors
    /// As [`App::create_ticket_from_text`], and those of `also`.
    pub(crate) async fn create_ticket_for_agent(
        &self,
        ctx: &Ctx,
        words: TicketFromText,
        title: Option<Title>,
        remember: Option<Remember<'_, Ticket>>,
        also: impl AsyncFnOnce(&Tx, &Ticket) -> Result<()>,
    ) -> Result<Outcome<Ticket>> {
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        let mut draft = self.draft_from_text(ctx, words, false).await?;
        draft.new.title = title.unwrap_or(draft.new.title);
        self.write_draft(ctx, draft, remember, also).await
    }

    /// What [`App::create_ticket_for_agent`] would make, without storing anything.
    pub(crate) async fn preview_ticket_for_agent(
        &self,
        ctx: &Ctx,
        words: TicketFromText,
    ) -> Result<(NewTicket, Triage)> {
        let Draft { new, reading, .. } = self.draft_from_text(ctx, words, false).await?;
        let reading = reading.ok_or_else(|| Error::internal("a text was not read"))?;
        Ok((new, self.preview_triage(ctx, reading).await?))
    }

    /// The same, without storing anything: the ticket as it would be made, and its triage.
    ///
    /// # Errors
    /// As [`App::create_ticket_from_text`].
    pub async fn preview_ticket_from_text(
        &self,
        ctx: &Ctx,
        words: TicketFromText,
    ) -> Result<(NewTicket, Triage)> {
        let Draft { new, reading, .. } = self.draft_from_text(ctx, words, true).await?;
        let reading = reading.ok_or_else(|| Error::internal("a text was not read"))?;
        Ok((new, self.preview_triage(ctx, reading).await?))
    }

    /// `ask`: a language model is asked, where there is one.
    async fn draft_from_text(&self, ctx: &Ctx, words: TicketFromText, ask: bool) -> Result<Draft> {
        let categories = self.store.categories().all().await?;
        let mut faults = Faults::new();
        self.check_attachments(ctx, &words.attachment_ids, &mut faults).await?;
        faults.finish(Some(()))?;
        let files = self.read_attachments(&words.attachment_ids).await?;
        let input = TriageInput { title: None, text: text_to_read(&words) };
        let asked = (Task::Draft, Some(ctx.caller.user_id));
        let everything = Visibility::All;
        let reading = if ask {
            self.read_with_agent(input, &files, &categories, everything, None, asked).await?
        } else {
            self.read_with_files(input, &files, &categories, everything, None).await?
        };
        let said = reading.advice().and_then(Advice::title);
        let new = NewTicket {
            title: said.cloned().map_or_else(|| title(&reading.analysis.title), Ok)?,
            description: description(&words)?,
            priority: None,
            category: None,
            tags: tags(&reading.triage.tags),
            metadata: metadata(&words.context, &reading)?,
            attachment_ids: words.attachment_ids,
            source: words.source,
            assignee_id: None,
            team_id: None,
            requester_email: None,
        };
        Ok(Draft {
            category: reading.triage.category.clone(),
            priority: reading.triage.priority,
            new,
            reading: Some(reading),
            status: None,
            external_id: None,
            created_at: ctx.now,
            ask_later: true,
        })
    }
}

impl App {
    /// What was read in these files, waiting for them as long as a ticket may be held up. What comes
    /// later has the ticket read again.
    async fn read_attachments(&self, ids: &[FileId]) -> Result<Vec<ReadFile>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.await_files(ids).await?;
        Ok(self.store.files().read_ones(ids).await?)
    }
}

/// What the engine reads: the words first, then what stood on the page.
fn text_to_read(words: &TicketFromText) -> String {
    let mut text = words.text.as_str().to_owned();
    let context = &words.context;
    let extra = context.selection.iter().chain(&context.page_title).chain(&context.console_errors);
    for part in extra {
        text.push('\n');
        text.push_str(part);
    }
    text
}

fn title(extracted: &str) -> Result<Title> {
    Title::parse(extracted).or_else(|_| Title::parse("Untitled")).map_err(Error::internal)
}

/// The person's own words, with where they were below them.
fn description(words: &TicketFromText) -> Result<Description> {
    let mut text = words.text.as_str().to_owned();
    let context = context_in_markdown(&words.context);
    let room = Description::MAX.saturating_sub(text.chars().count());
    text.extend(context.chars().take(room));
    Description::parse(text).map_err(Error::internal)
}

fn context_in_markdown(context: &TicketContext) -> String {
    let mut text = String::new();
    if context.is_empty() {
        return text;
    }
    text.push_str("\n\n---\n");
    let mut line = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}: {value}");
        }
    };
    line("Page", &context.page_title);
    line("Address", &context.page_url);
    line("Selection", &context.selection);
    line("Browser", &context.user_agent);
    for error in &context.console_errors {
        let _ = writeln!(text, "Console: {error}");
    }
    text
}

pub(super) fn tags(extracted: &[String]) -> Vec<Tag> {
    extracted.iter().filter_map(|t| Tag::parse(t.as_str()).ok()).take(MAX_TAGS).collect()
}

/// What the text names, and where the person was. Where both are too much, the place is left out:
/// it stands in the description as well.
fn metadata(context: &TicketContext, reading: &TriageReading) -> Result<RawJson> {
    let mut object = Map::new();
    let entities: Map<String, Value> = reading
        .analysis
        .entities
        .iter()
        .map(|(kind, values)| ((*kind).to_owned(), Value::from(values.clone())))
        .collect();
    if !entities.is_empty() {
        object.insert("entities".to_owned(), Value::Object(entities));
    }
    let without_context = object.clone();
    let mut place = Map::new();
    let known = [
        ("page_url", &context.page_url),
        ("page_title", &context.page_title),
        ("user_agent", &context.user_agent),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            place.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    if !place.is_empty() {
        object.insert("context".to_owned(), Value::Object(place));
    }
    for object in [object, without_context] {
        let json = serde_json::to_string(&object).map_err(Error::internal)?;
        if json.len() <= MAX_METADATA_BYTES {
            return Ok(RawJson::trusted(json));
        }
    }
    Ok(RawJson::empty_object())
}
