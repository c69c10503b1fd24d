//! Following the log: first what was missed, then what happens, with no gap and nothing twice.

use std::sync::Arc;

use atc_core::{
    Error, Result,
    event::{Event, EventId, EventKind, Topic, Viewer},
};
use atc_store::EventFilter;
use tokio::sync::broadcast::{self, error::RecvError};

use super::{Told, relay::Batch};
use crate::App;

/// How many events of the log are read at once.
const PAGE: usize = 50;

/// Someone who follows the log. Bounded: what is told while they do not listen is dropped, and they are
/// told that.
pub struct Follower {
    app: Arc<App>,
    batches: broadcast::Receiver<Arc<Batch>>,
    viewer: Viewer,
    topics: Vec<Topic>,
    /// Everything up to here was heard.
    position: EventId,
    /// Whether the log still has to be read.
    catching_up: bool,
    /// Whether nothing was heard live since the log was read.
    fresh: bool,
    pending: Option<Arc<Batch>>,
    /// Up to where changes of access were heard.
    access_position: EventId,
}

/// What a follower hears.
#[derive(Debug)]
pub enum Heard {
    /// Events, oldest first; never none.
    Events(Vec<Arc<Told>>),
    /// What this person may do may have changed: look again.
    AccessChanged,
}

/// Why a follower hears nothing more.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// It listened too slowly.
    #[error("the listener is too slow")]
    Slow,
    /// The process ends.
    #[error("nothing more is told")]
    Ended,
    /// The log cannot be read.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl App {
    /// Follows the log after a position or, without one, from now on. A position from before what is kept
    /// begins with the oldest event that is; one that the log has not reached means now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn follow(
        self: &Arc<Self>,
        viewer: Viewer,
        topics: Vec<Topic>,
        after: Option<EventId>,
    ) -> Result<Follower> {
        // Listen first: what the relay has told before this stands in the log below.
        let batches = self.live.batches.subscribe();
        let head = self.store.events().head().await?;
        Ok(Follower {
            app: Arc::clone(self),
            batches,
            viewer,
            topics,
            position: after.map_or(head, |after| after.min(head)),
            catching_up: after.is_some(),
            fresh: true,
            pending: None,
            access_position: EventId::START,
        })
    }
}

impl Follower {
    /// The next that is heard. May be dropped at any time without losing anything.
    ///
    /// # Errors
    /// Why nothing more can be heard.
    pub async fn next(&mut self) -> Result<Heard, Lost> {
        loop {
            if self.catching_up {
                let told = self.read_page().await?;
                if !told.is_empty() {
                    return Ok(Heard::Events(told));
                }
                continue;
            }
            let batch = match self.pending.take() {
                Some(batch) => batch,
                None => match self.batches.recv().await {
                    Ok(batch) => batch,
                    // The log was read for longer than the buffer lasts: read on there.
                    Err(RecvError::Lagged(_)) if self.fresh => {
                        self.catching_up = true;
                        continue;
                    }
                    Err(RecvError::Lagged(_)) => return Err(Lost::Slow),
                    Err(RecvError::Closed) => return Err(Lost::Ended),
                },
            };
            self.fresh = false;
            if let Some(id) = self.access_change(&batch) {
                self.access_position = id;
                self.pending = Some(batch);
                return Ok(Heard::AccessChanged);
            }
            // Kept until it was told: this may be dropped at the await.
            self.pending = Some(Arc::clone(&batch));
            let told = self.of_batch(&batch).await?;
            self.pending = None;
            if let Some(last) = batch.events.last() {
                self.position = self.position.max(last.id);
            }
            if !told.is_empty() {
                return Ok(Heard::Events(told));
            }
        }
    }

    /// Follows with other eyes: the role of the person changed.
    pub fn look_as(&mut self, viewer: Viewer) {
        self.viewer = viewer;
    }

    async fn read_page(&mut self) -> Result<Vec<Arc<Told>>> {
        let filter = EventFilter { viewer: Some(self.viewer), topics: Some(self.topics.clone()) };
        let limit = PAGE as u64;
        let events = self.app.store.events().after(self.position, &filter, limit).await?;
        let told = self.app.tell(&events, self.viewer.visibility()).await?;
        if let Some(last) = events.last() {
            self.position = last.id;
        }
        self.catching_up = events.len() == PAGE;
        self.fresh = true;
        Ok(told.into_iter().map(Arc::new).collect())
    }

    fn access_change(&self, batch: &Batch) -> Option<EventId> {
        let mine = |event: &&Event| {
            event.kind == EventKind::AccessChanged
                && event.id > self.access_position
                && event.audience.includes(self.viewer)
        };
        batch.events.iter().filter(mine).map(|event| event.id).max()
    }

    async fn of_batch(&self, batch: &Batch) -> Result<Vec<Arc<Told>>> {
        let wanted = |event: &Event| {
            event.id > self.position
                && event.kind.topic().is_some_and(|topic| self.topics.contains(&topic))
                && event.audience.includes(self.viewer)
        };
        if self.viewer.staff {
            let told = batch.for_staff.iter().filter(|told| wanted(&told.event));
            return Ok(told.cloned().collect());
        }
        let mine: Vec<Event> = batch.events.iter().filter(|e| wanted(e)).copied().collect();
        if mine.is_empty() {
            return Ok(Vec::new());
        }
        let told = self.app.tell(&mine, self.viewer.visibility()).await?;
        Ok(told.into_iter().map(Arc::new).collect())
    }
}
