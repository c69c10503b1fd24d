//! From what the log keeps to what is told: the things as they are now, as the listener may see them.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use atc_core::{
    Result,
    caller::Visibility,
    comment::Comment,
    event::{Event, EventKind, Subject},
    file::File,
    notification::Notification,
    ticket::Ticket,
};

use crate::App;

/// An event with what it is about.
#[derive(Debug)]
pub struct Told {
    /// What the log says.
    pub event: Event,
    /// What it is about.
    pub facts: Facts,
    text: OnceLock<Arc<str>>,
}

/// What an event is about, as its listener may see it.
#[derive(Debug)]
pub enum Facts {
    /// A ticket.
    Ticket(Box<Ticket>),
    /// A comment, and the ticket it stands on.
    Comment(Box<Comment>, Box<Ticket>),
    /// A file.
    File(Box<File>),
    /// A notification.
    Notification(Box<Notification>),
    /// It was deleted since, or is not to be seen any more: only its identity is told.
    Gone,
}

impl Told {
    /// The event as text, made once however many listen.
    pub fn text(&self, render: impl FnOnce(&Self) -> String) -> Arc<str> {
        Arc::clone(self.text.get_or_init(|| render(self).into()))
    }
}

impl App {
    /// Adds to events what they are about.
    pub(crate) async fn tell(&self, events: &[Event], visibility: Visibility) -> Result<Vec<Told>> {
        let (mut tickets, mut comments) = (Vec::new(), Vec::new());
        let (mut notifications, mut files) = (Vec::new(), Vec::new());
        for event in events {
            match event.subject {
                Subject::Ticket(_) if event.kind == EventKind::TicketDeleted => {}
                Subject::Ticket(id) => tickets.push(id),
                Subject::Comment(ticket, comment) => {
                    tickets.push(ticket);
                    comments.push(comment);
                }
                Subject::Notification(id) => notifications.push(id),
                Subject::File(id) => files.push(id),
                Subject::Access(_) => {}
            }
        }
        tickets.sort_unstable();
        tickets.dedup();
        let tickets = if tickets.is_empty() {
            Vec::new()
        } else {
            self.store.tickets().find_many_by_id(&tickets, visibility).await?
        };
        let comments = if comments.is_empty() {
            Vec::new()
        } else {
            self.store.comments().find_many(&comments).await?
        };
        let notifications = self.store.notifications().find_many(&notifications).await?;
        let files = if files.is_empty() {
            Vec::new()
        } else {
            self.store.files().find_many(&files, visibility).await?
        };
        let known = Known {
            tickets: tickets.into_iter().map(|t| (t.id, t)).collect(),
            comments: comments.into_iter().map(|c| (c.id, c)).collect(),
            notifications: notifications.into_iter().map(|n| (n.id, n)).collect(),
            files: files.into_iter().map(|f| (f.id, f)).collect(),
        };
        let told = |event: &Event| Told {
            event: *event,
            facts: known.facts(event, visibility),
            text: OnceLock::new(),
        };
        Ok(events.iter().map(told).collect())
    }
}

struct Known {
    tickets: HashMap<atc_core::id::TicketId, Ticket>,
    comments: HashMap<atc_core::id::CommentId, Comment>,
    notifications: HashMap<atc_core::id::NotificationId, Notification>,
    files: HashMap<atc_core::id::FileId, File>,
}

impl Known {
    fn facts(&self, event: &Event, visibility: Visibility) -> Facts {
        let found = match event.subject {
            Subject::Ticket(id) => self.tickets.get(&id).cloned().map(Box::new).map(Facts::Ticket),
            Subject::Comment(ticket, comment) => {
                let ticket = self.tickets.get(&ticket).cloned();
                let comment = self.comments.get(&comment).cloned();
                let comment = comment.filter(|c| !c.internal || visibility.sees_internal());
                comment.zip(ticket).map(|(c, t)| Facts::Comment(Box::new(c), Box::new(t)))
            }
            Subject::File(id) => self.files.get(&id).cloned().map(Box::new).map(Facts::File),
            Subject::Notification(id) => {
                self.notifications.get(&id).cloned().map(Box::new).map(Facts::Notification)
            }
            Subject::Access(_) => None,
        };
        found.unwrap_or(Facts::Gone)
    }
}
