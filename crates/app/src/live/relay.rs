//! The relay: the one reader of the log in this process.

use std::{sync::Arc, time::Duration};

use atc_core::{
    Result,
    caller::Visibility,
    event::{Event, EventId},
};
use atc_store::EventFilter;
use chrono::{DateTime, Utc};

use super::Told;
use crate::App;

/// How many events are read and told together.
const BATCH: u64 = 100;
/// How soon it is looked at again after a signal: an older transaction may hold the event back.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How often that is done.
const LOOKS: u32 = 10;

/// Events that are told together.
#[derive(Debug)]
pub(super) struct Batch {
    /// What the log says.
    pub events: Vec<Event>,
    /// The same, as staff see it; in the same order.
    pub for_staff: Vec<Arc<Told>>,
}

impl App {
    /// Starts telling followers what is new. Ends with [`App::shut_down`].
    pub fn start_relay(self: &Arc<Self>) {
        let app = Arc::clone(self);
        let poll = Duration::from_millis(self.config.events_poll_ms);
        self.tasks.spawn(async move {
            let mut position = None;
            let mut looks = 0;
            loop {
                let done = tokio::select! {
                    () = app.shutdown.cancelled() => return,
                    done = app.relay(&mut position) => done,
                };
                match done {
                    Ok(0) => {}
                    Ok(_) => looks = 0,
                    Err(e) => tracing::warn!(
                        error = &e as &dyn std::error::Error,
                        "the event log could not be read; it is tried again"
                    ),
                }
                let wait = if looks > 0 { LOOK_AGAIN } else { poll };
                tokio::select! {
                    () = app.shutdown.cancelled() => return,
                    () = app.signals.events.notified() => looks = LOOKS,
                    () = tokio::time::sleep(wait) => looks = looks.saturating_sub(1),
                }
            }
        });
    }

    /// Reads on from the position and tells everyone. Answers how many events were new.
    async fn relay(&self, position: &mut Option<EventId>) -> Result<usize> {
        let mut from = match *position {
            Some(position) => position,
            None => self.store.events().head().await?,
        };
        *position = Some(from);
        let mut count = 0;
        loop {
            let events = self.store.events().after(from, &EventFilter::EVERYTHING, BATCH).await?;
            let Some(last) = events.last().map(|event| event.id) else { return Ok(count) };
            count += events.len();
            note_lag(&events, self.now());
            self.signals.webhooks.notify_one();
            if events.iter().any(|event| event.kind.settles_file()) {
                self.signals.file_settled();
            }
            // Whoever comes to listen after this reads the log up to here by themselves.
            if self.live.batches.receiver_count() > 0 {
                let told = self.tell(&events, Visibility::All).await?;
                let for_staff = told.into_iter().map(Arc::new).collect();
                // Nobody listens any more: nothing is lost.
                let _ = self.live.batches.send(Arc::new(Batch { events, for_staff }));
            }
            from = last;
            *position = Some(from);
        }
    }
}

/// How late this process tells of what happened.
fn note_lag(events: &[Event], now: DateTime<Utc>) {
    let lag = metrics::histogram!("event_relay_lag_seconds");
    for event in events {
        lag.record((now - event.at).to_std().unwrap_or_default());
    }
}
