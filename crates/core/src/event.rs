//! The event log: what happened, in one order, and who may hear of it.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};

use crate::{
    caller::{Caller, Visibility},
    id::{CommentId, FileId, NotificationId, TicketId, UserId},
    policy::Action,
};

/// Where in the log an event stands. Opaque to clients; a later event has a greater one, as a value and
/// as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The transaction that wrote it, in an order in which none appears before one that a reader has
    /// passed.
    pub mark: i64,
    /// Its place among those of the same mark.
    pub sequence: i64,
}

impl EventId {
    /// Before every event.
    pub const START: Self = Self { mark: 0, sequence: 0 };
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.mark, self.sequence)
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;

    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let canonical = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 32 || !text.bytes().all(canonical) {
            return Err(NotAnEventId);
        }
        let number = |hex| i64::from_str_radix(hex, 16).map_err(|_| NotAnEventId);
        Ok(Self { mark: number(&text[..16])?, sequence: number(&text[16..])? })
    }
}

/// The text is no event id of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not the id of an event; take one as it came, or leave it out.")]
pub struct NotAnEventId;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A ticket was made.
    TicketCreated,
    /// A ticket changed, or a comment on it was edited or deleted.
    TicketUpdated,
    /// A ticket was deleted.
    TicketDeleted,
    /// A comment was written.
    TicketCommented,
    /// A file waits to be read.
    FileQueued,
    /// A file is being read.
    FileProcessing,
    /// A file was read.
    FileProcessed,
    /// A file could not be read.
    FileFailed,
    /// Somebody was notified.
    Notification,
    /// What a person may do changed: never shown, but connections of that person are looked at again.
    AccessChanged,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::TicketCreated,
        Self::TicketUpdated,
        Self::TicketDeleted,
        Self::TicketCommented,
        Self::FileQueued,
        Self::FileProcessing,
        Self::FileProcessed,
        Self::FileFailed,
        Self::Notification,
        Self::AccessChanged,
    ];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TicketCreated => "ticket.created",
            Self::TicketUpdated => "ticket.updated",
            Self::TicketDeleted => "ticket.deleted",
            Self::TicketCommented => "ticket.commented",
            Self::FileQueued => "file.queued",
            Self::FileProcessing => "file.processing",
            Self::FileProcessed => "file.processed",
            Self::FileFailed => "file.failed",
            Self::Notification => "notification",
            Self::AccessChanged => "access.changed",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether nothing more is to be expected of a file after it.
    #[must_use]
    pub const fn settles_file(self) -> bool {
        matches!(self, Self::FileProcessed | Self::FileFailed)
    }

    /// Which stream it belongs to; `None` where it is never shown.
    #[must_use]
    pub const fn topic(self) -> Option<Topic> {
        match self {
            Self::TicketCreated
            | Self::TicketUpdated
            | Self::TicketDeleted
            | Self::TicketCommented => Some(Topic::Tickets),
            Self::FileQueued | Self::FileProcessing | Self::FileProcessed | Self::FileFailed => {
                Some(Topic::Files)
            }
            Self::Notification => Some(Topic::Notifications),
            Self::AccessChanged => None,
        }
    }
}

/// A stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Tickets and their comments.
    Tickets,
    /// Files and how far they are read.
    Files,
    /// What concerns one person.
    Notifications,
}

impl Topic {
    /// All streams.
    pub const ALL: [Self; 3] = [Self::Tickets, Self::Files, Self::Notifications];

    /// What it takes to follow it.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Tickets => Action::ReadTickets,
            Self::Files => Action::ReadFiles,
            Self::Notifications => Action::ReadNotifications,
        }
    }

    /// The kinds of events in it.
    pub fn kinds(self) -> impl Iterator<Item = EventKind> {
        EventKind::ALL.into_iter().filter(move |kind| kind.topic() == Some(self))
    }
}

/// Who may hear of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audience {
    /// Whether all agents and administrators may.
    pub staff: bool,
    /// Up to two people who may besides.
    pub people: [Option<UserId>; 2],
}

impl Audience {
    /// Agents and administrators: internal notes.
    pub const STAFF: Self = Self { staff: true, people: [None, None] };

    /// Staff, and the person who requested the ticket.
    #[must_use]
    pub const fn ticket(requester: UserId) -> Self {
        Self { staff: true, people: [Some(requester), None] }
    }

    /// Staff, and the person who uploaded the file.
    #[must_use]
    pub const fn file(uploader: UserId) -> Self {
        Self { staff: true, people: [Some(uploader), None] }
    }

    /// One person alone.
    #[must_use]
    pub const fn person(person: UserId) -> Self {
        Self { staff: false, people: [Some(person), None] }
    }

    /// Whether this viewer may hear of it.
    #[must_use]
    pub fn includes(&self, viewer: Viewer) -> bool {
        (self.staff && viewer.staff) || self.people.contains(&Some(viewer.user))
    }
}

/// Someone who follows the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub user: UserId,
    /// Whether they are an agent or an administrator.
    pub staff: bool,
}

impl Viewer {
    /// The caller as someone who follows the log.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self { user: caller.user_id, staff: caller.is_staff() }
    }

    /// Which tickets they may see.
    #[must_use]
    pub const fn visibility(self) -> Visibility {
        if self.staff { Visibility::All } else { Visibility::Own(self.user) }
    }
}

/// What an event is about. The log keeps identities; what they stand for is read when it is told, so that
/// nothing is shown that was deleted or hidden since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A ticket.
    Ticket(TicketId),
    /// A comment on a ticket.
    Comment(TicketId, CommentId),
    /// A file.
    File(FileId),
    /// A notification.
    Notification(NotificationId),
    /// A person's access.
    Access(UserId),
}

/// An event to be added to the log, in the transaction of what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// To what.
    pub subject: Subject,
    /// Who may hear of it.
    pub audience: Audience,
    /// When.
    pub at: DateTime<Utc>,
}

/// An event of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its place.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// To what.
    pub subject: Subject,
    /// Who may hear of it.
    pub audience: Audience,
    /// When.
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn words_and_kinds_are_one_to_one() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        let told: usize = Topic::ALL.iter().map(|topic| topic.kinds().count()).sum();
        assert_eq!(told, EventKind::ALL.len() - 1, "all but the change of access are told");
    }

    #[test]
    fn an_audience_is_who_it_says() {
        let [me, you, other] = [1, 2, 3].map(|n| UserId(Uuid::from_u128(n)));
        let hears = |audience: Audience| {
            [me, you, other]
                .map(|user| [false, true].map(|staff| audience.includes(Viewer { user, staff })))
        };
        assert_eq!(hears(Audience::STAFF), [[false, true]; 3]);
        assert_eq!(hears(Audience::ticket(me)), [[true, true], [false, true], [false, true]]);
        assert_eq!(hears(Audience::person(me)), [[true, true], [false; 2], [false; 2]]);
        let file = Audience::file(me);
        assert_eq!(hears(file), [[true, true], [false, true], [false, true]]);
    }

    proptest! {
        #[test]
        fn ids_keep_their_order_as_text(a in any::<(u32, i64)>(), b in any::<(u32, i64)>()) {
            let id = |(mark, sequence): (u32, i64)| {
                EventId { mark: mark.into(), sequence: sequence & i64::MAX }
            };
            let (a, b) = (id(a), id(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_text_is_an_id_or_refused(text in any::<String>()) {
            if let Ok(id) = text.parse::<EventId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
