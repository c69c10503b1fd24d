//! Changing tickets.

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    event::EventKind,
    id::{TicketEventId, TicketRef},
    patch::Patch,
    ports::Wake,
    text::Tag,
    ticket::{AuditChange, AuditKind, Status, Ticket, TicketPatch},
};
use atc_store::{NewAuditEntry, TicketChange, Tx};
use chrono::{DateTime, Utc};

use super::{create::check_assignment, events};
use crate::{App, IfMatch};

impl App {
    /// Changes a ticket. A category or priority given here is a person's word: triage learns it.
    ///
    /// # Errors
    /// Forbidden for fields that only staff change; an illegal transition of the status; a failed
    /// precondition; invalid when something that it names does not exist.
    pub async fn update_ticket(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        patch: TicketPatch,
        if_match: &IfMatch,
    ) -> Result<Ticket> {
        let visibility = ctx.caller.visibility();
        let tx = self.store.begin().await?;
        let before = tx.tickets().get_for_update(reference, visibility).await?;
        if_match.check(before.version)?;
        check_rights(ctx, &before, &patch)?;
        check_references(&tx, &patch).await?;

        let mut edit = Edit::new(&before, ctx);
        edit.apply(patch)?;
        self.reroute(&tx, &mut edit).await?;
        let Edit { change, audit, labelled, text_changed, .. } = edit;
        if audit.is_empty() && !labelled {
            return Ok(before);
        }
        tx.tickets().update(&before, &change, None, ctx.now).await?;
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket: before.number,
                kind: AuditKind::Updated,
                actor: Some(ctx.caller.user_id),
                changes: audit,
                internal: false,
                request_id: &ctx.request_id,
                at: ctx.now,
            })
            .await?;
        let after = tx.tickets().reload(before.number, visibility).await?;
        let (id, requester) = (after.id, after.requester.id);
        events::append(&tx, EventKind::TicketUpdated, id, requester, ctx.now).await?;
        let actor = Some(ctx.caller.user_id);
        self.notify_of_change(&tx, actor, Some(&before), &after, ctx.now).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        if text_changed {
            self.wake(Wake::Index);
        }
        if labelled || text_changed {
            self.wake(Wake::Labels);
        }
        Ok(after)
    }

    /// A ticket of nobody whose category a person sets goes to that category's team.
    async fn reroute(&self, tx: &Tx, edit: &mut Edit<'_>) -> Result<()> {
        let Some((category, true)) = edit.change.category.clone() else { return Ok(()) };
        let free = edit.before.assignee.is_none() && edit.before.team.is_none();
        let asked = edit.change.assignee_id.is_change() || edit.change.team_id.is_change();
        let status = edit.change.status.unwrap_or(edit.before.status);
        if !free || asked || status.is_done() {
            return Ok(());
        }
        let routed = self.route_by_category(tx, &category, None).await?;
        if let Some(team) = routed.team_id {
            edit.change.team_id = Patch::Set(team);
            edit.note("team_id", None::<&str>, team.to_string());
        }
        if let Some(person) = routed.assignee_id {
            edit.change.assignee_id = Patch::Set(person);
            edit.note("assignee_id", None::<&str>, person.to_string());
            if status == Status::New {
                edit.set_status(Status::Open)?;
            }
        }
        Ok(())
    }
}

/// A patch on its way to become a change: what really differs, and its trace.
struct Edit<'a> {
    before: &'a Ticket,
    ctx: &'a Ctx,
    change: TicketChange,
    audit: Vec<AuditChange>,
    labelled: bool,
    text_changed: bool,
}

impl<'a> Edit<'a> {
    fn new(before: &'a Ticket, ctx: &'a Ctx) -> Self {
        let change = TicketChange::default();
        Self { before, ctx, change, audit: Vec::new(), labelled: false, text_changed: false }
    }

    fn note(
        &mut self,
        field: &str,
        from: impl Into<atc_core::ticket::AuditValue>,
        to: impl Into<atc_core::ticket::AuditValue>,
    ) {
        self.audit.push(AuditChange::new(field, from, to));
    }

    fn apply(&mut self, patch: TicketPatch) -> Result<()> {
        let before = self.before;
        if let Some(title) = patch.title.filter(|t| *t != before.title) {
            self.note("title", before.title.as_str(), title.as_str());
            self.change.title = Some(title);
            self.text_changed = true;
        }
        if let Some(description) = patch.description.filter(|d| *d != before.description) {
            self.note("description", before.description.as_str(), description.as_str());
            self.change.description = Some(description);
            self.text_changed = true;
        }
        if let Some(status) = patch.status.filter(|s| *s != before.status) {
            self.set_status(status)?;
        }
        if let Some(tags) = patch.tags.filter(|t| *t != before.tags) {
            self.note("tags", words(&before.tags), words(&tags));
            self.change.tags = Some(tags);
        }
        if let Some(metadata) = patch.metadata.filter(|m| *m != before.metadata) {
            self.note("metadata", before.metadata.as_str(), metadata.as_str());
            self.change.metadata = Some(metadata);
        }
        self.apply_labels(patch.priority, patch.category);
        self.apply_assignment(patch.assignee_id, patch.team_id);
        Ok(())
    }

    /// What a person says of priority and category counts also where it confirms what stands there.
    fn apply_labels(
        &mut self,
        priority: Option<atc_core::ticket::Priority>,
        category: Option<atc_core::category::Slug>,
    ) {
        let before = self.before;
        if let Some(priority) = priority {
            if priority != before.priority {
                self.note("priority", before.priority.as_str(), priority.as_str());
            }
            self.change.priority = Some((priority, true));
            self.labelled = true;
        }
        if let Some(category) = category {
            if category != before.category {
                self.note("category", before.category.as_str(), category.as_str());
            }
            self.change.category = Some((category, true));
            self.change.needs_review = Some(false);
            self.labelled = true;
        }
    }

    fn apply_assignment(
        &mut self,
        assignee: Patch<atc_core::id::UserId>,
        team: Patch<atc_core::id::TeamId>,
    ) {
        let person = self.before.assignee.as_ref().map(|a| a.id);
        if let Some(to) = assignee.into_change().filter(|to| *to != person) {
            let text = |id: Option<atc_core::id::UserId>| id.map(|id| id.to_string());
            self.note("assignee_id", text(person), text(to));
            self.change.assignee_id = to.into();
        }
        let group = self.before.team.as_ref().map(|t| t.id);
        if let Some(to) = team.into_change().filter(|to| *to != group) {
            let text = |id: Option<atc_core::id::TeamId>| id.map(|id| id.to_string());
            self.note("team_id", text(group), text(to));
            self.change.team_id = to.into();
        }
    }

    fn set_status(&mut self, to: Status) -> Result<()> {
        let (before, now) = (self.before, self.ctx.now);
        if !before.status.may_become(to) {
            return Err(Error::new(
                ErrorCode::IllegalTransition,
                format!("A ticket that is {} can only be reopened (status open).", before.status),
            ));
        }
        self.note("status", before.status.as_str(), to.as_str());
        change_status(&mut self.change, before, to, now);
        Ok(())
    }
}

/// Sets a status together with the times that go with it.
pub(crate) fn change_status(
    change: &mut TicketChange,
    before: &Ticket,
    to: Status,
    now: DateTime<Utc>,
) {
    change.status = Some(to);
    match to {
        Status::Resolved | Status::Closed => {
            let resolved_at = before.resolved_at.unwrap_or(now);
            let seconds = (resolved_at - before.created_at).num_seconds().max(0);
            change.resolved_at = Patch::Set(resolved_at);
            change.resolution_s = Patch::Set(seconds);
            change.closed_at = if to == Status::Closed { Patch::Set(now) } else { Patch::Clear };
        }
        Status::Cancelled => change.closed_at = Patch::Set(now),
        Status::New | Status::Open | Status::InProgress | Status::Pending => {
            change.resolved_at = Patch::Clear;
            change.resolution_s = Patch::Clear;
            change.closed_at = Patch::Clear;
        }
    }
}

fn check_rights(ctx: &Ctx, before: &Ticket, patch: &TicketPatch) -> Result<()> {
    if ctx.caller.is_staff() {
        return Ok(());
    }
    let staff = patch.staff_fields();
    if !staff.is_empty() {
        return Err(Error::forbidden(format!(
            "Only agents and administrators change {}.",
            staff.join(", ")
        )));
    }
    match patch.status {
        // A move that nobody may make is a conflict, not a question of rights.
        Some(to) if before.status.may_become(to) && !before.status.requester_may_make(to) => {
            Err(Error::forbidden("You can close your ticket or reopen it (status closed or open)."))
        }
        _ => Ok(()),
    }
}

async fn check_references(tx: &Tx, patch: &TicketPatch) -> Result<()> {
    if let Some(slug) = &patch.category
        && tx.categories().find(slug).await?.is_none()
    {
        return Err(Error::invalid_body("/category", format!("There is no category {slug}.")));
    }
    check_assignment(
        tx,
        patch.team_id.into_change().flatten(),
        patch.assignee_id.into_change().flatten(),
    )
    .await
}

fn words(tags: &[Tag]) -> Vec<String> {
    tags.iter().map(|t| t.as_str().to_owned()).collect()
}
