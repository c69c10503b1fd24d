//! Making a ticket from a form.

use atc_core::{
    Ctx, Error, Result,
    caller::Visibility,
    category::{Category, Slug},
    decision::{DecisionAction, FieldChange},
    error::Faults,
    event::EventKind,
    id::{TeamId, TicketEventId, TicketId, TicketNumber, UserId},
    idempotency::{Outcome, Remember},
    ports::{Meaning, TriageInput, Wake},
    text::ExternalId,
    ticket::{AuditChange, AuditKind, NewTicket, Priority, Status, Ticket},
};
use atc_store::{NewAuditEntry, NewTicketRow, StoredTriage, Tx};
use chrono::{DateTime, Utc};

use super::{Routed, events};
use crate::{App, agents::Advice, triage::TriageReading};

/// Where tickets go that nothing could be said about.
const CATCH_ALL: &str = "general";

/// A ticket that is ready to be written: what a person said, and what triage added.
pub(super) struct Draft {
    pub new: NewTicket,
    pub category: Slug,
    pub priority: Priority,
    pub reading: Option<TriageReading>,
    /// How far it is, where an import says so.
    pub status: Option<Status>,
    pub external_id: Option<ExternalId>,
    pub created_at: DateTime<Utc>,
    /// Whether a language model shall be asked about it later; an import asks about none.
    pub ask_later: bool,
}

impl Draft {
    /// Fills what a person left open from what was read, or else with what is usual.
    pub fn fill(
        new: NewTicket,
        reading: Option<TriageReading>,
        categories: &[Category],
        created_at: DateTime<Utc>,
    ) -> Result<Self> {
        let triage = reading.as_ref().map(|r| &r.triage);
        let category = new
            .category
            .clone()
            .or_else(|| triage.map(|t| t.category.clone()))
            .or_else(|| catch_all(categories))
            .ok_or_else(|| Error::internal("there is no category at all"))?;
        let priority = new.priority.or_else(|| triage.map(|t| t.priority)).unwrap_or_else(|| {
            let prior = categories.iter().find(|c| c.slug == category);
            prior.and_then(|c| c.default_priority).unwrap_or_default()
        });
        Ok(Self {
            new,
            category,
            priority,
            reading,
            status: None,
            external_id: None,
            created_at,
            ask_later: true,
        })
    }
}

impl App {
    /// Makes a ticket. Category and priority that are left out are filled by triage; a slow or
    /// failing engine does not hold the ticket up: it is made at once and read later.
    ///
    /// # Errors
    /// Forbidden when someone who is not staff sets what only staff may; invalid when something
    /// that it names does not exist.
    pub async fn create_ticket(
        &self,
        ctx: &Ctx,
        new: NewTicket,
        remember: Option<Remember<'_, Ticket>>,
    ) -> Result<Outcome<Ticket>> {
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        check_staff_fields(ctx, &new)?;
        let categories = self.store.categories().all().await?;
        self.check_new(ctx, &new, &categories).await?;
        let draft = self.draft(new, &categories, ctx.now).await?;
        self.write_draft(ctx, draft, remember, async |_, _| Ok(())).await
    }

    /// Reads the text, unless a person left nothing open.
    async fn draft(
        &self,
        new: NewTicket,
        categories: &[Category],
        created_at: DateTime<Utc>,
    ) -> Result<Draft> {
        let complete = new.category.is_some() && new.priority.is_some();
        let reading = if complete {
            None
        } else {
            let input = TriageInput {
                title: Some(new.title.as_str().to_owned()),
                text: new.description.as_str().to_owned(),
            };
            let files = self.store.files().read_ones(&new.attachment_ids).await?;
            self.read_in_time(input, &files, categories).await
        };
        Draft::fill(new, reading, categories, created_at)
    }

    /// Checks what a new ticket refers to.
    ///
    /// # Errors
    /// Invalid, with every fault.
    pub(super) async fn check_new(
        &self,
        ctx: &Ctx,
        new: &NewTicket,
        categories: &[Category],
    ) -> Result<()> {
        let mut faults = Faults::new();
        if let Some(slug) = &new.category
            && !categories.iter().any(|c| c.slug == *slug)
        {
            faults.body("/category", format!("There is no category {slug}."));
        }
        self.check_attachments(ctx, &new.attachment_ids, &mut faults).await?;
        faults.finish(Some(()))
    }

    /// Writes a draft down, in one transaction with its routing, its audit entry, the answer that is
    /// kept for a repeat, and what `also` writes.
    pub(super) async fn write_draft(
        &self,
        ctx: &Ctx,
        draft: Draft,
        remember: Option<Remember<'_, Ticket>>,
        also: impl AsyncFnOnce(&Tx, &Ticket) -> Result<()>,
    ) -> Result<Outcome<Ticket>> {
        let unread = draft.reading.as_ref().and_then(|r| r.analysis.meaning.as_ref()).is_none();
        let labelled = draft.new.category.is_some() || draft.new.priority.is_some();
        let outcome = self
            .create_once(remember, ctx.now, async |tx| {
                // Boxed: with it, whoever calls this would be large.
                let number = Box::pin(self.insert_draft(tx, ctx, draft)).await?;
                let ticket = tx.tickets().reload(number, visibility_of_new(ctx)).await?;
                let actor = Some(ctx.caller.user_id);
                self.notify_of_change(tx, actor, None, &ticket, ctx.now).await?;
                also(tx, &ticket).await?;
                Ok(ticket)
            })
            .await?;
        self.wake(Wake::Events);
        if unread {
            self.wake(Wake::Index);
        }
        if labelled {
            self.wake(Wake::Labels);
        }
        Ok(outcome)
    }

    /// Writes one draft down inside a transaction, which may hold many.
    pub(super) async fn insert_draft(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        draft: Draft,
    ) -> Result<TicketNumber> {
        let Draft { new, category, priority, mut reading, status, external_id, .. } = draft;
        let (created_at, ask_later) = (draft.created_at, draft.ask_later);
        let requester_id = match &new.requester_email {
            Some(email) => self.find_or_add_contact(tx, email).await?.id,
            None => ctx.caller.user_id,
        };
        check_assignment(tx, new.team_id, new.assignee_id).await?;
        let done = status.is_some_and(Status::is_done);
        let unsure =
            new.category.is_none() && reading.as_ref().is_none_or(|r| r.triage.needs_review);
        let routed = match (new.assignee_id, new.team_id) {
            (Some(person), team) => {
                Routed { team_id: team, assignee_id: Some(person), reason: None }
            }
            (None, Some(team)) if !done => self.route_to_team(tx, team).await?,
            (None, None) if !done && !unsure => {
                let named = reading.as_ref().and_then(|r| r.advice()).and_then(Advice::team);
                self.route_by_category(tx, &category, named).await?
            }
            (None, team) => Routed { team_id: team, ..Routed::default() },
        };
        if let Some(reading) = &mut reading {
            reading.triage.assignment = routed.assignment();
        }
        let triage: Option<StoredTriage> =
            reading.as_ref().map(|r| r.stored(requester_id)).transpose()?;
        let opened = if routed.assignee_id.is_some() { Status::Open } else { Status::New };
        let row = NewTicketRow {
            id: TicketId(self.new_id()),
            title: new.title,
            description: new.description,
            status: status.unwrap_or(opened),
            priority,
            priority_by_person: new.priority.is_some(),
            category,
            category_by_person: new.category.is_some(),
            tags: new.tags,
            source: new.source,
            requester_id,
            assignee_id: routed.assignee_id,
            team_id: routed.team_id,
            metadata: new.metadata,
            triage,
            external_id,
            created_at,
            updated_at: ctx.now,
        };
        let meaning: Option<&Meaning> = reading.as_ref().and_then(|r| r.analysis.meaning.as_ref());
        let number = tx.tickets().insert(&row, meaning).await?;
        self.attach_files(tx, ctx, number, &new.attachment_ids).await?;
        if let Some(reading) = &reading {
            Box::pin(self.record_reading(tx, ctx, number, &row, reading, ask_later)).await?;
        }
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket: number,
                kind: AuditKind::Created,
                actor: Some(ctx.caller.user_id),
                changes: created_changes(&row),
                internal: false,
                request_id: &ctx.request_id,
                at: ctx.now,
            })
            .await?;
        events::append(tx, EventKind::TicketCreated, row.id, requester_id, ctx.now).await?;
        Ok(number)
    }
}

impl App {
    /// Writes down what an agent decided of a new ticket, and adds the jobs that follow from it.
    async fn record_reading(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        number: TicketNumber,
        row: &NewTicketRow,
        reading: &TriageReading,
        ask_later: bool,
    ) -> Result<()> {
        let filled = |name: &str, by_person: bool, to: &str| {
            let change = FieldChange { field: name.to_owned(), from: None, to: to.to_owned() };
            (!by_person).then_some(change)
        };
        let filled = [
            filled("category", row.category_by_person, row.category.as_str()),
            filled("priority", row.priority_by_person, row.priority.as_str()),
        ];
        let filled: Vec<_> = filled.into_iter().flatten().collect();
        let agent = reading.advice().map(|advice| advice.agent);
        let person = Some(ctx.caller.user_id);
        let decision = reading.decision(DecisionAction::TicketCreated, number, person, filled);
        let by = decision.agent;
        self.record_decision(tx, decision, ctx.now).await?;
        match agent {
            Some(_) => self.enqueue_beside(tx, by, row.id).await,
            None if ask_later => self.enqueue_advice(tx, row.id).await,
            None => Ok(()),
        }
    }
}

/// Whoever makes a ticket sees what they made, also for someone else: only staff can do that.
fn visibility_of_new(ctx: &Ctx) -> Visibility {
    ctx.caller.visibility()
}

fn created_changes(row: &NewTicketRow) -> Vec<AuditChange> {
    let mut changes = vec![
        AuditChange::new("status", None::<&str>, row.status.as_str()),
        AuditChange::new("priority", None::<&str>, row.priority.as_str()),
        AuditChange::new("category", None::<&str>, row.category.as_str()),
    ];
    if let Some(person) = row.assignee_id {
        changes.push(AuditChange::new("assignee_id", None::<&str>, person.to_string()));
    }
    if let Some(team) = row.team_id {
        changes.push(AuditChange::new("team_id", None::<&str>, team.to_string()));
    }
    changes
}

pub(super) fn check_staff_fields(ctx: &Ctx, new: &NewTicket) -> Result<()> {
    let staff_only = [
        ("assignee_id", new.assignee_id.is_some()),
        ("team_id", new.team_id.is_some()),
        ("requester_email", new.requester_email.is_some()),
    ];
    let named: Vec<_> =
        staff_only.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if ctx.caller.is_staff() || named.is_empty() {
        return Ok(());
    }
    Err(Error::forbidden(format!("Only agents and administrators set {}.", named.join(", "))))
}

/// A team must exist; an assignee must be active staff.
pub(super) async fn check_assignment(
    tx: &Tx,
    team: Option<TeamId>,
    assignee: Option<UserId>,
) -> Result<()> {
    let mut faults = Faults::new();
    if let Some(id) = team
        && tx.teams().find(id).await?.is_none()
    {
        faults.body("/team_id", "There is no such team.");
    }
    if let Some(id) = assignee {
        match tx.users().find(id).await? {
            None => faults.body("/assignee_id", "There is no such person."),
            Some(person) if !person.role.is_staff() || !person.is_active => {
                faults.body("/assignee_id", "Only active agents and administrators get tickets.");
            }
            Some(_) => {}
        }
    }
    faults.finish(Some(()))
}

/// The category of last resort: `general`, or else the first one.
pub(crate) fn catch_all(categories: &[Category]) -> Option<Slug> {
    let general = categories.iter().find(|c| c.slug.as_str() == CATCH_ALL);
    general.or(categories.first()).map(|c| c.slug.clone())
}
