//! Live updates: the event log, read once per process and told to everyone who follows it.

mod access;
mod connections;
mod follow;
mod relay;
mod tell;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use atc_core::{
    Ctx, Result,
    event::{EventId, EventKind, NewEvent, Topic, Viewer},
};
use atc_store::{EventFilter, Tx};
use chrono::TimeDelta;
use tokio::sync::broadcast;

pub use access::Connected;
pub use connections::ConnectionPermit;
pub use follow::{Follower, Heard, Lost};
pub use tell::{Facts, Told};

use crate::App;

/// How long an event is kept for whoever was away.
pub(crate) const EVENTS_KEPT: TimeDelta = TimeDelta::hours(24);
/// How many batches wait for a follower before it is too slow.
const BATCHES_WAITING: usize = 64;

/// What followers and the relay share.
pub(crate) struct Live {
    batches: broadcast::Sender<Arc<relay::Batch>>,
    connections: Mutex<HashMap<atc_core::id::UserId, usize>>,
}

impl Live {
    pub fn new() -> Self {
        Self { batches: broadcast::Sender::new(BATCHES_WAITING), connections: Mutex::default() }
    }
}

impl App {
    /// Up to `limit` events after a position that the viewer may hear of, oldest first, and the position
    /// to go on from.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn events_after(
        &self,
        viewer: Viewer,
        topics: Vec<Topic>,
        after: Option<EventId>,
        limit: u64,
    ) -> Result<(Vec<Told>, EventId)> {
        let head = self.store.events().head().await?;
        let position = after.unwrap_or(EventId::START).min(head);
        let filter = EventFilter { viewer: Some(viewer), topics: Some(topics) };
        let events = self.store.events().after(position, &filter, limit).await?;
        let next = events.last().map_or(position, |event| event.id);
        Ok((self.tell(&events, viewer.visibility()).await?, next))
    }

    /// Notes in the log that a person's access changed, so that every process looks at the connections of
    /// that person again.
    pub(crate) async fn note_access_change(
        &self,
        tx: &Tx,
        user: atc_core::id::UserId,
    ) -> Result<()> {
        let event = NewEvent {
            kind: EventKind::AccessChanged,
            subject: atc_core::event::Subject::Access(user),
            audience: atc_core::event::Audience::person(user),
            at: self.now(),
        };
        Ok(tx.events().append(event).await?)
    }

    /// Which streams the caller may follow.
    #[must_use]
    pub fn topics_of(&self, ctx: &Ctx) -> Vec<Topic> {
        let may = |topic: &Topic| atc_core::policy::authorize(&ctx.caller, topic.action()).is_ok();
        Topic::ALL.into_iter().filter(may).collect()
    }
}
