//! Saying that there is something to look at: to the loops of this process, and to the other processes.
//!
//! The database holds what happened, and every loop looks by itself from time to time. A signal only says
//! that looking pays off now, so that a lost one is a delay and nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use atc_core::ports::{Bus, BusError, BusListener, BusMessage, Wake, Wakes};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::App;

/// How long what is said is gathered, so that a thousand writes a second are not a thousand messages.
const GATHER: Duration = Duration::from_millis(10);
/// How often a process says something at the latest, so that a dead connection is noticed.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// How long the bus may be silent before it counts as dead: each process hears itself.
const SILENCE: Duration = Duration::from_secs(15);
/// How long the bus is left alone after it failed.
const RECOVERY: Duration = Duration::from_secs(1);

/// What the loops of this process wait for.
pub(crate) struct Signals {
    /// The event log has grown.
    pub events: Notify,
    /// Something waits to be indexed.
    pub index: Notify,
    /// Labels or the model in use may have changed.
    pub labels: Notify,
    /// What administrators said of providers and agents may have changed.
    pub agents: Notify,
    /// Other systems may have to be told something.
    pub webhooks: Notify,
    /// Jobs may have been added.
    pub jobs: watch::Sender<u64>,
    /// A file was read, or could not be.
    pub files: watch::Sender<u64>,
    /// What the other processes were not told yet, as bits of [`Wakes`].
    untold: AtomicU8,
    tell: Notify,
    /// Why the other processes are not told; `None` when all is well.
    trouble: watch::Sender<Option<String>>,
}

impl Signals {
    pub fn new() -> Self {
        Self {
            events: Notify::new(),
            index: Notify::new(),
            labels: Notify::new(),
            agents: Notify::new(),
            webhooks: Notify::new(),
            jobs: watch::Sender::new(0),
            files: watch::Sender::new(0),
            untold: AtomicU8::new(0),
            tell: Notify::new(),
            trouble: watch::Sender::new(None),
        }
    }

    /// Wakes the loops of this process.
    fn here(&self, wake: Wake) {
        match wake {
            Wake::Events => self.events.notify_one(),
            Wake::Jobs => self.jobs.send_modify(|n| *n = n.wrapping_add(1)),
            Wake::Index => self.index.notify_one(),
            Wake::Labels => self.labels.notify_one(),
            Wake::Agents => self.agents.notify_one(),
        }
    }

    /// Wakes those who wait for files.
    pub fn file_settled(&self) {
        self.files.send_modify(|n| *n = n.wrapping_add(1));
    }

    fn note(&self, found: Result<(), &BusError>) {
        let found = found.err().map(ToString::to_string);
        let changed = |noted: &mut Option<String>| {
            let changed = *noted != found;
            match (&*noted, &found) {
                (None, Some(why)) => {
                    tracing::warn!(%why, "other processes are not woken; they look by themselves");
                }
                (Some(_), None) => tracing::info!("other processes are woken again"),
                _ => {}
            }
            noted.clone_from(&found);
            changed
        };
        self.trouble.send_if_modified(changed);
    }
}

impl App {
    /// Says that looking pays off now, here and in the other processes. Call it after the commit; without
    /// it the work is found at the next look.
    pub fn wake(&self, wake: Wake) {
        self.signals.here(wake);
        self.signals.untold.fetch_or(Wakes::from(wake).bits(), Ordering::Relaxed);
        self.signals.tell.notify_one();
    }

    /// Why other processes hear late of what happens here; `None` when all is well.
    pub(crate) fn bus_trouble(&self) -> Option<String> {
        self.signals.trouble.borrow().clone()
    }

    /// Joins the other processes of this installation, where there is a bus. Ends with
    /// [`App::shut_down`].
    pub(crate) fn start_bus(self: &Arc<Self>) {
        let Some(bus) = self.bus.clone() else { return };
        let id = self.new_id();
        for work in [Side::Says, Side::Hears] {
            let (app, bus) = (Arc::clone(self), Arc::clone(&bus));
            self.tasks.spawn(async move {
                let stop = app.shutdown.clone();
                stop.run_until_cancelled(async {
                    match work {
                        Side::Says => app.pass_on(bus.as_ref(), id).await,
                        Side::Hears => app.hear(bus.as_ref(), id).await,
                    }
                })
                .await;
            });
        }
    }

    /// Tells the other processes what this one says.
    async fn pass_on(&self, bus: &dyn Bus, id: Uuid) {
        loop {
            // Without news, it is a sign of life.
            let _ = tokio::time::timeout(SIGN_OF_LIFE, self.signals.tell.notified()).await;
            tokio::time::sleep(GATHER).await;
            let wakes = Wakes::from_bits(self.signals.untold.swap(0, Ordering::Relaxed));
            if let Err(e) = bus.publish(BusMessage { from: id, wakes }).await {
                self.signals.note(Err(&e));
                self.signals.untold.fetch_or(wakes.bits(), Ordering::Relaxed);
                self.signals.tell.notify_one();
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }

    /// Listens to the other processes.
    async fn hear(&self, bus: &dyn Bus, id: Uuid) {
        loop {
            let lost = match bus.listen().await {
                Ok(mut listener) => {
                    // What was said meanwhile was not heard.
                    Wakes::ALL.iter().for_each(|wake| self.signals.here(wake));
                    self.hear_from(listener.as_mut(), id).await
                }
                Err(e) => e,
            };
            self.signals.note(Err(&lost));
            tokio::time::sleep(RECOVERY).await;
        }
    }

    async fn hear_from(&self, listener: &mut dyn BusListener, id: Uuid) -> BusError {
        loop {
            let heard = match tokio::time::timeout(SILENCE, listener.next()).await {
                Ok(Ok(heard)) => heard,
                Ok(Err(e)) => return e,
                Err(_) => {
                    let reason = format!("nothing was heard for {} s", SILENCE.as_secs());
                    return BusError { server: "the bus", reason };
                }
            };
            if heard.from == id {
                // Both ways work: this was said here and came back.
                self.signals.note(Ok(()));
            } else {
                heard.wakes.iter().for_each(|wake| self.signals.here(wake));
            }
        }
    }
}

/// The two sides of a conversation.
#[derive(Clone, Copy)]
enum Side {
    Says,
    Hears,
}
