//! Comments on tickets.

use atc_core::{
    Ctx, Error, Result,
    comment::{Comment, CommentPatch, NewComment},
    event::{Audience, EventKind, NewEvent, Subject},
    id::{CommentId, TicketEventId, TicketNumber, TicketRef},
    idempotency::{Outcome, Remember},
    page::{Page, PageRequest},
    ports::Wake,
    ticket::{AuditChange, AuditKind, Ticket},
    user::{Role, UserSummary},
};
use atc_store::{CommentPosition, NewAuditEntry, TicketChange, Tx};

use crate::{App, IfMatch};

impl App {
    /// The comments of a ticket that the caller may see, oldest first.
    ///
    /// # Errors
    /// Not found when the ticket is not there or not visible.
    pub async fn list_comments(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        page: PageRequest<CommentPosition>,
    ) -> Result<Page<Comment, CommentPosition>> {
        let visibility = ctx.caller.visibility();
        let number = self.store.tickets().number_of(reference, visibility).await?;
        Ok(self.store.comments().list(number, visibility, page).await?)
    }

    /// One comment.
    ///
    /// # Errors
    /// Not found when ticket or comment are not there or not visible.
    pub async fn get_comment(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        id: CommentId,
    ) -> Result<Comment> {
        let visibility = ctx.caller.visibility();
        let number = self.store.tickets().number_of(reference, visibility).await?;
        Ok(self.store.comments().get(number, id, visibility).await?)
    }

    /// Writes a comment.
    ///
    /// # Errors
    /// Not found when the ticket is not there or not visible; forbidden for an internal note by
    /// someone who is not staff.
    pub async fn create_comment(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        new: NewComment,
        remember: Option<Remember<'_, Comment>>,
    ) -> Result<Outcome<Comment>> {
        self.create_comment_and(ctx, reference, new, remember, async |_, _| Ok(())).await
    }

    /// The same, together with what `also` writes in the same transaction.
    ///
    /// # Errors
    /// As [`App::create_comment`], and those of `also`.
    pub(crate) async fn create_comment_and(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        new: NewComment,
        remember: Option<Remember<'_, Comment>>,
        also: impl AsyncFnOnce(&Tx, &Comment) -> Result<()>,
    ) -> Result<Outcome<Comment>> {
        check_internal(ctx, new.internal)?;
        self.create_once(remember, ctx.now, async |tx| {
            let visibility = ctx.caller.visibility();
            let ticket = tx.tickets().get_for_update(reference, visibility).await?;
            let author = tx.users().get(ctx.caller.user_id).await?;
            let comment = Comment {
                id: CommentId(self.new_id()),
                ticket_id: ticket.id,
                author: UserSummary {
                    id: author.id,
                    email: author.email.into(),
                    full_name: author.full_name.into_string(),
                },
                body: new.body,
                internal: new.internal,
                created_at: ctx.now,
                edited_at: None,
                version: 1,
            };
            tx.comments().insert(ticket.number, &comment).await?;
            let answers = !comment.internal
                && ctx.caller.is_staff()
                && ticket.requester.id != ctx.caller.user_id;
            let seconds = (ctx.now - ticket.created_at).num_seconds().max(0);
            let change = TicketChange {
                comments: Some((1, i32::from(!comment.internal))),
                first_response_s: answers.then_some(seconds),
                ..TicketChange::default()
            };
            tx.tickets().update(&ticket, &change, None, ctx.now).await?;
            self.record_comment(tx, ctx, ticket.number, AuditKind::Commented, &comment, vec![])
                .await?;
            let event = NewEvent {
                kind: EventKind::TicketCommented,
                subject: Subject::Comment(ticket.id, comment.id),
                audience: audience(&ticket, comment.internal),
                at: ctx.now,
            };
            tx.events().append(event).await?;
            self.notify_of_comment(tx, &ticket, &comment, ctx.now).await?;
            also(tx, &comment).await?;
            Ok(comment)
        })
        .await
        .inspect(|_| self.wake(Wake::Events))
    }

    /// Edits a comment and marks it as edited.
    ///
    /// # Errors
    /// Forbidden unless the caller wrote it; not found when it is not there or not visible.
    pub async fn update_comment(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        id: CommentId,
        patch: CommentPatch,
        if_match: &IfMatch,
    ) -> Result<Comment> {
        let tx = self.store.begin().await?;
        let (ticket, before) = locked_comment(&tx, ctx, reference, id).await?;
        if_match.check(before.version)?;
        if before.author.id != ctx.caller.user_id {
            return Err(Error::forbidden("Only its author edits a comment."));
        }
        check_internal(ctx, patch.internal.unwrap_or(false))?;
        let mut comment = before.clone();
        comment.body = patch.body.unwrap_or(comment.body);
        comment.internal = patch.internal.unwrap_or(comment.internal);
        if comment == before {
            return Ok(before);
        }
        comment.edited_at = Some(ctx.now);
        comment.version += 1;
        tx.comments().update(&comment).await?;
        let public = i32::from(!comment.internal) - i32::from(!before.internal);
        let change = TicketChange { comments: Some((0, public)), ..TicketChange::default() };
        tx.tickets().update(&ticket, &change, None, ctx.now).await?;
        let changes = if comment.body == before.body {
            vec![]
        } else {
            vec![AuditChange::new("body", before.body.as_str(), comment.body.as_str())]
        };
        // What was internal once stays so in the trail.
        let trace = Comment { internal: before.internal || comment.internal, ..comment.clone() };
        self.record_comment(&tx, ctx, ticket.number, AuditKind::CommentEdited, &trace, changes)
            .await?;
        tell_of_edit(&tx, ctx, &ticket, before.internal && comment.internal).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(comment)
    }

    /// Deletes a comment.
    ///
    /// # Errors
    /// Forbidden unless the caller wrote it or is an administrator; not found when it is not there
    /// or not visible.
    pub async fn delete_comment(
        &self,
        ctx: &Ctx,
        reference: TicketRef,
        id: CommentId,
        if_match: &IfMatch,
    ) -> Result<()> {
        let tx = self.store.begin().await?;
        let (ticket, comment) = locked_comment(&tx, ctx, reference, id).await?;
        if_match.check(comment.version)?;
        if comment.author.id != ctx.caller.user_id && ctx.caller.role != Role::Admin {
            return Err(Error::forbidden("Only its author or an administrator deletes a comment."));
        }
        self.delete_comment_in(&tx, ctx, &ticket, &comment).await?;
        tx.commit().await?;
        self.wake(Wake::Events);
        Ok(())
    }

    /// Deletes a comment within a transaction that holds its ticket.
    pub(crate) async fn delete_comment_in(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: &Ticket,
        comment: &Comment,
    ) -> Result<()> {
        tx.comments().delete(comment.id).await?;
        let change = TicketChange {
            comments: Some((-1, -i32::from(!comment.internal))),
            ..TicketChange::default()
        };
        tx.tickets().update(ticket, &change, None, ctx.now).await?;
        self.record_comment(tx, ctx, ticket.number, AuditKind::CommentDeleted, comment, vec![])
            .await?;
        tell_of_edit(tx, ctx, ticket, comment.internal).await
    }

    async fn record_comment(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        ticket: TicketNumber,
        kind: AuditKind,
        comment: &Comment,
        mut changes: Vec<AuditChange>,
    ) -> Result<()> {
        let id = comment.id.to_string();
        changes.insert(
            0,
            match kind {
                AuditKind::CommentDeleted => AuditChange::new("comment_id", id, None::<&str>),
                _ => AuditChange::new("comment_id", None::<&str>, id),
            },
        );
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(self.new_id()),
                ticket,
                kind,
                actor: Some(ctx.caller.user_id),
                changes,
                internal: comment.internal,
                request_id: &ctx.request_id,
                at: ctx.now,
            })
            .await?;
        Ok(())
    }
}

async fn locked_comment(
    tx: &Tx,
    ctx: &Ctx,
    reference: TicketRef,
    id: CommentId,
) -> Result<(Ticket, Comment)> {
    let visibility = ctx.caller.visibility();
    let ticket = tx.tickets().get_for_update(reference, visibility).await?;
    let comment = tx.comments().get(ticket.number, id, visibility).await?;
    Ok((ticket, comment))
}

/// Who hears of a comment.
fn audience(ticket: &Ticket, internal: bool) -> Audience {
    if internal { Audience::STAFF } else { Audience::ticket(ticket.requester.id) }
}

/// An edited or deleted comment is a change of its ticket.
async fn tell_of_edit(tx: &Tx, ctx: &Ctx, ticket: &Ticket, internal: bool) -> Result<()> {
    let event = NewEvent {
        kind: EventKind::TicketUpdated,
        subject: Subject::Ticket(ticket.id),
        audience: audience(ticket, internal),
        at: ctx.now,
    };
    Ok(tx.events().append(event).await?)
}

fn check_internal(ctx: &Ctx, internal: bool) -> Result<()> {
    if internal && !ctx.caller.is_staff() {
        return Err(Error::forbidden("Only agents and administrators write internal notes."));
    }
    Ok(())
}
