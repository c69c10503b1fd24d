//! Events, as sockets and streams tell them.

use atc_app::{Facts, Told};
use atc_core::event::Subject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CommentBody, FileBody, NotificationBody, TicketBody};

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event, example = json!({
    "id": "00000000000002f10000000000000007", "type": "ticket.deleted",
    "at": "2026-01-31T12:00:00Z",
    "data": {"ticket_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"}
}))]
pub(crate) struct EventBody {
    /// Its place in the log; opaque. Later events have greater ones, also as text.
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    kind: &'static str,
    /// When.
    at: DateTime<Utc>,
    /// The thing as a list shows it, with `ticket_id` or `file_id`. What was deleted since has only its
    /// identity.
    #[schema(value_type = Object)]
    data: DataBody,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum DataBody {
    Ticket {
        ticket_id: Uuid,
        #[serde(flatten)]
        ticket: Box<TicketBody>,
    },
    Comment {
        #[serde(flatten)]
        comment: Box<CommentBody>,
        ticket: Box<TicketBody>,
    },
    File {
        file_id: Uuid,
        #[serde(flatten)]
        file: Box<FileBody>,
    },
    Notification(Box<NotificationBody>),
    GoneTicket {
        ticket_id: Uuid,
    },
    GoneFile {
        file_id: Uuid,
    },
    GoneNotification {
        id: Uuid,
    },
}

impl From<&Told> for DataBody {
    fn from(told: &Told) -> Self {
        let event = &told.event;
        let ticket = |t: &atc_core::ticket::Ticket| Box::new(TicketBody::from(t.clone()));
        match (&told.facts, event.subject) {
            (Facts::Ticket(t), _) => DataBody::Ticket { ticket_id: t.id.0, ticket: ticket(t) },
            (Facts::Comment(c, t), _) => DataBody::Comment {
                comment: Box::new(CommentBody::from(c.as_ref())),
                ticket: ticket(t),
            },
            (Facts::Notification(n), _) => {
                DataBody::Notification(Box::new(NotificationBody::from(n.as_ref())))
            }
            (Facts::File(file), _) => DataBody::File {
                file_id: file.id.0,
                file: Box::new(FileBody::new(file.as_ref().clone(), None)),
            },
            (Facts::Gone, Subject::Ticket(id) | Subject::Comment(id, _)) => {
                DataBody::GoneTicket { ticket_id: id.0 }
            }
            (Facts::Gone, Subject::File(id)) => DataBody::GoneFile { file_id: id.0 },
            (Facts::Gone, Subject::Notification(id)) => DataBody::GoneNotification { id: id.0 },
            (Facts::Gone, Subject::Access(id)) => DataBody::GoneNotification { id: id.0 },
        }
    }
}

impl From<&Told> for EventBody {
    fn from(told: &Told) -> Self {
        let event = &told.event;
        let data = told.into();
        Self { id: event.id.to_string(), kind: event.kind.as_str(), at: event.at, data }
    }
}

/// The event as text.
pub(crate) fn event_text(told: &Told) -> std::sync::Arc<str> {
    // Structs of plain values always serialise.
    told.text(|told| serde_json::to_string(&EventBody::from(told)).unwrap_or_default())
}
