//! A ticket in a file.

use atc_app::{App, Exported, ImportOutcome};
use atc_core::{
    Ctx, Result,
    category::Slug,
    error::Faults,
    id::FileId,
    json::RawJson,
    text::{Description, ExternalId, Title},
    ticket::{ImportedTicket, MAX_METADATA_BYTES, NewTicket, Ticket},
    user::Email,
};
use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Cells, Column, Line, id, tags};

/// The fields of the create call, and what an import adds to them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketLine {
    pub(super) external_id: Option<String>,
    title: Option<String>,
    description: Option<String>,
    status: Option<String>,
    priority: Option<String>,
    category: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    source: Option<String>,
    requester_email: Option<String>,
    assignee_id: Option<String>,
    team_id: Option<String>,
    attachment_ids: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    created_at: Option<String>,
}

impl Line for TicketLine {
    type New = ImportedTicket;

    const NOUN: &'static str = "tickets";
    const BATCH: usize = 64;
    const COLUMNS: &'static [Column] = &[
        Column::new("external_id", Cells::Word),
        Column::required("title", Cells::Text),
        Column::required("description", Cells::Text),
        Column::new("status", Cells::Word),
        Column::new("priority", Cells::Word),
        Column::new("category", Cells::Word),
        Column::new("tags", Cells::List),
        Column::new("source", Cells::Word),
        Column::new("requester_email", Cells::Word),
        Column::new("assignee_id", Cells::Word),
        Column::new("team_id", Cells::Word),
        Column::new("attachment_ids", Cells::List),
        Column::new("metadata", Cells::Object),
        Column::new("created_at", Cells::Word),
    ];

    fn parse(self) -> Result<ImportedTicket> {
        let mut faults = Faults::new();
        let external_id =
            optional(&mut faults, "/external_id", self.external_id, ExternalId::parse);
        let status = optional(&mut faults, "/status", self.status, |s| s.parse());
        let created_at = optional(&mut faults, "/created_at", self.created_at, |at| time(&at));
        let title = faults.require("/title", self.title.map(Title::parse));
        let description = faults.require("/description", self.description.map(Description::parse));
        let priority = optional(&mut faults, "/priority", self.priority, |p| p.parse());
        let category = optional(&mut faults, "/category", self.category, Slug::parse);
        let tags = tags(&mut faults, self.tags.unwrap_or_default());
        let source = optional(&mut faults, "/source", self.source, |s| s.parse());
        let email = optional(&mut faults, "/requester_email", self.requester_email, Email::parse);
        let assignee = optional(&mut faults, "/assignee_id", self.assignee_id, |a| id(&a));
        let team = optional(&mut faults, "/team_id", self.team_id, |t| id(&t));
        let attachments = attachments(&mut faults, self.attachment_ids.unwrap_or_default());
        let metadata = metadata(&mut faults, &self.metadata.unwrap_or_default());
        let parts = title.zip(description).zip(tags).zip(metadata);
        let ticket = parts.map(|(((title, description), tags), metadata)| NewTicket {
            title,
            description,
            priority,
            category,
            tags,
            attachment_ids: attachments,
            metadata,
            source: source.unwrap_or_default(),
            assignee_id: assignee,
            team_id: team,
            requester_email: email,
        });
        faults.finish(ticket.map(|ticket| ImportedTicket {
            ticket,
            status,
            created_at,
            external_id,
        }))
    }

    async fn take_in(
        app: &App,
        ctx: &Ctx,
        batch: Vec<ImportedTicket>,
    ) -> Result<Vec<Result<ImportOutcome>>> {
        app.import_tickets(ctx, batch).await
    }

    async fn give_out(app: &App, after: i64) -> Result<(Vec<Self>, i64)> {
        let page = app.export_tickets(after).await?;
        let lines = page.items.into_iter().map(Self::of).collect::<Result<_>>()?;
        Ok((lines, page.next))
    }

    async fn count(app: &App) -> Result<u64> {
        app.count_tickets().await
    }
}

impl TicketLine {
    fn of(exported: Exported<Ticket>) -> Result<Self> {
        let Exported { item: ticket, external_id } = exported;
        let metadata = serde_json::from_str(ticket.metadata.as_str());
        Ok(Self {
            external_id: Some(external_id.into_string()),
            title: Some(ticket.title.into_string()),
            description: Some(ticket.description.into_string()),
            status: Some(ticket.status.to_string()),
            priority: Some(ticket.priority.to_string()),
            category: Some(ticket.category.into()),
            tags: Some(ticket.tags.into_iter().map(String::from).collect()),
            source: Some(ticket.source.to_string()),
            requester_email: Some(ticket.requester.email),
            assignee_id: ticket.assignee.map(|a| a.id.to_string()),
            team_id: ticket.team.map(|t| t.id.to_string()),
            // Files do not travel in a line of text.
            attachment_ids: Some(Vec::new()),
            metadata: Some(metadata.map_err(atc_core::Error::internal)?),
            created_at: Some(ticket.created_at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        })
    }
}

/// A value that may be left out; where it is not legal, that is noted.
fn optional<T, E: std::fmt::Display>(
    faults: &mut Faults,
    pointer: &str,
    text: Option<String>,
    parse: impl FnOnce(String) -> Result<T, E>,
) -> Option<T> {
    text.and_then(|text| faults.take(pointer, parse(text)))
}

fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc().trunc_subsecs(3))
        .map_err(|_| "This is not a time such as 2026-01-31T12:00:00Z.")
}

fn attachments(faults: &mut Faults, ids: Vec<String>) -> Vec<FileId> {
    let mut files = Vec::new();
    for (i, text) in ids.into_iter().enumerate() {
        files.extend(faults.take(&format!("/attachment_ids/{i}"), id::<FileId>(&text)));
    }
    files
}

fn metadata(faults: &mut Faults, object: &Map<String, Value>) -> Option<RawJson> {
    // A map of JSON values always serialises.
    let json = serde_json::to_string(object).unwrap_or_default();
    let size = json.len();
    if size > MAX_METADATA_BYTES {
        let fault =
            format!("At most {MAX_METADATA_BYTES} bytes of JSON are kept; this has {size}.");
        faults.body("/metadata", fault);
        return None;
    }
    Some(RawJson::trusted(json))
}
