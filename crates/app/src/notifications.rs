//! Notifications: who is told what, and what a person does with theirs.

use atc_core::{
    Ctx, Error, Result,
    comment::Comment,
    event::{Audience, EventKind, NewEvent, Subject},
    file::File,
    id::{NotificationId, TicketNumber, UserId},
    notification::{NewNotification, Notification, NotificationKind, mentions},
    page::{Page, PageRequest},
    ticket::Ticket,
    user::User,
};
use atc_store::{NotificationPosition, Tx};
use chrono::{DateTime, Utc};

use crate::App;

impl App {
    /// The caller's notifications, newest first.
    pub async fn list_notifications(
        &self,
        ctx: &Ctx,
        unread_only: bool,
        page: PageRequest<NotificationPosition>,
    ) -> Result<Page<Notification, NotificationPosition>> {
        Ok(self.store.notifications().list(ctx.caller.user_id, unread_only, page).await?)
    }

    /// How many of the caller's notifications are unread.
    pub async fn unread_notifications(&self, ctx: &Ctx) -> Result<u64> {
        Ok(self.store.notifications().count_unread(ctx.caller.user_id).await?)
    }

    /// Marks one of the caller's notifications as read.
    ///
    /// # Errors
    /// Not found when the caller has no such notification.
    pub async fn read_notification(&self, ctx: &Ctx, id: NotificationId) -> Result<Notification> {
        let tx = self.store.begin().await?;
        tx.notifications().mark_read(ctx.caller.user_id, id, ctx.now).await?;
        let read = tx.notifications().get(ctx.caller.user_id, id).await?;
        tx.commit().await?;
        Ok(read)
    }

    /// Marks all of the caller's notifications as read. Answers how many were not.
    pub async fn read_all_notifications(&self, ctx: &Ctx) -> Result<u64> {
        let tx = self.store.begin().await?;
        let read = tx.notifications().mark_all_read(ctx.caller.user_id, ctx.now).await?;
        tx.commit().await?;
        Ok(read)
    }

    /// Every kind of notification, and whether the caller wants it.
    pub async fn notification_preferences(
        &self,
        ctx: &Ctx,
    ) -> Result<Vec<(NotificationKind, bool)>> {
        let off = self.store.notifications().switched_off(ctx.caller.user_id).await?;
        Ok(NotificationKind::ALL.map(|kind| (kind, !off.contains(&kind))).to_vec())
    }

    /// Switches kinds of notifications on or off for the caller; the others stay. Answers all.
    pub async fn set_notification_preferences(
        &self,
        ctx: &Ctx,
        changes: &[(NotificationKind, bool)],
    ) -> Result<Vec<(NotificationKind, bool)>> {
        let tx = self.store.begin().await?;
        for (kind, enabled) in changes {
            tx.notifications().prefer(ctx.caller.user_id, *kind, *enabled).await?;
        }
        let off = tx.notifications().switched_off(ctx.caller.user_id).await?;
        tx.commit().await?;
        Ok(NotificationKind::ALL.map(|kind| (kind, !off.contains(&kind))).to_vec())
    }

    /// Notifies one person, in the transaction of what they are notified of; unless they did it
    /// themselves or do not want this kind.
    pub(crate) async fn notify(&self, tx: &Tx, new: NewNotification) -> Result<()> {
        if new.actor == Some(new.user) || !tx.notifications().insert(&new).await? {
            return Ok(());
        }
        let event = NewEvent {
            kind: EventKind::Notification,
            subject: Subject::Notification(new.id),
            audience: Audience::person(new.user),
            at: new.at,
        };
        Ok(tx.events().append(event).await?)
    }

    /// Notifies whoever a ticket was assigned to, and its people of a new status.
    pub(crate) async fn notify_of_change(
        &self,
        tx: &Tx,
        actor: Option<UserId>,
        before: Option<&Ticket>,
        after: &Ticket,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let ticket = Some(after.number);
        let assignee = after.assignee.as_ref().map(|a| a.id);
        let was = before.and_then(|t| t.assignee.as_ref()).map(|a| a.id);
        if let Some(person) = assignee.filter(|person| Some(*person) != was) {
            let new = self.about(ticket, NotificationKind::Assigned, person, actor, now);
            self.notify(tx, new).await?;
        }
        if before.is_some_and(|before| before.status != after.status) {
            for person in people_of(after) {
                let new = self.about(ticket, NotificationKind::StatusChanged, person, actor, now);
                self.notify(tx, new).await?;
            }
        }
        Ok(())
    }

    /// Notifies those whom a new comment names, and the ticket's people of it: of both, naming counts.
    /// An internal note notifies staff only.
    pub(crate) async fn notify_of_comment(
        &self,
        tx: &Tx,
        ticket: &Ticket,
        comment: &Comment,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let named = self.named_in(tx, ticket, comment).await?;
        let followers = if comment.internal {
            ticket.assignee.as_ref().map(|a| a.id).into_iter().collect()
        } else {
            people_of(ticket)
        };
        let others = followers.into_iter().filter(|person| !named.contains(person));
        let mentioned = named.iter().map(|person| (NotificationKind::Mentioned, *person));
        let commented = others.map(|person| (NotificationKind::Commented, person));
        for (kind, person) in mentioned.chain(commented) {
            let number = Some(ticket.number);
            let about = self.about(number, kind, person, Some(comment.author.id), now);
            self.notify(tx, NewNotification { comment: Some(comment.id), ..about }).await?;
        }
        Ok(())
    }

    /// Notifies the uploader that a file could not be read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notify_of_failed_file(
        &self,
        tx: &Tx,
        file: &File,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let ticket = match file.ticket_id {
            Some(id) => {
                let all = atc_core::caller::Visibility::All;
                tx.tickets().find(id.into(), all).await?.map(|ticket| ticket.number)
            }
            None => None,
        };
        let about =
            self.about(ticket, NotificationKind::FileFailed, file.uploaded_by.id, None, now);
        self.notify(tx, NewNotification { file: Some(file.id), ..about }).await
    }

    /// Notifies all administrators of what the system itself has done.
    pub(crate) async fn notify_admins(
        &self,
        tx: &Tx,
        kind: NotificationKind,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for admin in tx.users().admins().await? {
            let new = self.about(None, kind, admin.id, None, now);
            self.notify(tx, new).await?;
        }
        Ok(())
    }

    fn about(
        &self,
        ticket: Option<TicketNumber>,
        kind: NotificationKind,
        user: UserId,
        actor: Option<UserId>,
        at: DateTime<Utc>,
    ) -> NewNotification {
        NewNotification {
            id: NotificationId(self.new_id()),
            user,
            kind,
            actor,
            ticket,
            comment: None,
            file: None,
            at,
        }
    }

    /// Whom a comment names: people who may see it, by their address, or by the part of it before the `@`
    /// where no other of them has the same.
    async fn named_in(&self, tx: &Tx, ticket: &Ticket, comment: &Comment) -> Result<Vec<UserId>> {
        let names = mentions(comment.body.as_str());
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let requester = (!comment.internal).then_some(ticket.requester.id);
        let mut people = tx.users().find_named(&names).await.map_err(Error::from)?;
        people.retain(|person| person.role.is_staff() || Some(person.id) == requester);
        let mut found: Vec<UserId> = Vec::new();
        for name in &names {
            let is_named = |person: &&User| {
                let key = person.email.key();
                key == *name || key.strip_prefix(name.as_str()).is_some_and(|r| r.starts_with('@'))
            };
            let mut matching = people.iter().filter(is_named);
            if let (Some(person), None) = (matching.next(), matching.next())
                && !found.contains(&person.id)
            {
                found.push(person.id);
            }
        }
        Ok(found)
    }
}

/// The requester of a ticket and whoever works on it.
fn people_of(ticket: &Ticket) -> Vec<UserId> {
    let mut people = vec![ticket.requester.id];
    people.extend(ticket.assignee.as_ref().map(|a| a.id).filter(|id| *id != ticket.requester.id));
    people
}
