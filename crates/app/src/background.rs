//! What goes on beside the requests: indexing, learning, catching up, and running jobs.
//!
//! Each loop finds its work in the database, so that nothing is lost when the process dies: a signal
//! only says that looking pays off now.

mod index;
mod learn;

use std::{sync::Arc, time::Duration};

use atc_core::{
    Result,
    ports::{BoxFuture, TriageInput},
};
use tokio::sync::Notify;

use crate::App;

/// How often providers and agents are read again unasked.
const AGENTS_POLL: Duration = Duration::from_mins(1);

type Work = for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>;

impl App {
    /// Starts the loops and the worker. They end with [`App::shut_down`].
    pub fn start_background(self: &Arc<Self>) {
        let poll = Duration::from_millis(self.config.background_poll_ms);
        self.warm_up();
        self.start_bus();
        self.start_relay();
        self.start_following_agents();
        self.spawn_loop(
            "index",
            poll,
            |app| &app.signals.index,
            |app| Box::pin(app.index_pending()),
        );
        self.spawn_loop(
            "learn",
            poll,
            |app| &app.signals.labels,
            |app| Box::pin(app.learn_pending()),
        );
        self.spawn_loop(
            "webhooks",
            poll,
            |app| &app.signals.webhooks,
            |app| Box::pin(app.tell_webhooks()),
        );
        self.start_own_worker();
    }

    /// Starts only what a process needs that leaves the background to others: it takes over what they
    /// learnt.
    pub fn start_following(self: &Arc<Self>) {
        let poll = Duration::from_millis(self.config.background_poll_ms);
        self.warm_up();
        self.start_bus();
        self.start_relay();
        self.start_following_agents();
        self.spawn_loop(
            "follow",
            poll,
            |app| &app.signals.labels,
            |app| Box::pin(app.take_over_model()),
        );
        // A search must know which words are rare before the first question for similar tickets.
        self.spawn_loop(
            "search",
            poll,
            |app| &app.signals.index,
            |app| Box::pin(async { Ok(app.store.warm_search().await?) }),
        );
    }

    /// Reads providers and agents again when another process says so, and now and then unasked.
    fn start_following_agents(self: &Arc<Self>) {
        self.spawn_loop(
            "agents",
            AGENTS_POLL,
            |app| &app.signals.agents,
            |app| Box::pin(app.follow_agents()),
        );
    }

    /// Lets the engine read the categories, so that the first ticket does not wait for it.
    fn warm_up(self: &Arc<Self>) {
        let app = Arc::clone(self);
        self.tasks.spawn(async move {
            let warm = async {
                let categories = app.store.categories().all().await?;
                let input = TriageInput { title: None, text: String::new() };
                app.engine.analyse(vec![input], categories.into()).await?;
                Ok::<_, atc_core::Error>(())
            };
            tokio::select! {
                () = app.shutdown.cancelled() => {}
                warmed = warm => if let Err(e) = warmed {
                    tracing::warn!(error = &e as &dyn std::error::Error, "the engine is not warm");
                }
            }
        });
    }

    /// Runs `work` now, at every signal, and at the latest after `poll`, until the application
    /// ends. A failure is logged and tried again.
    fn spawn_loop(
        self: &Arc<Self>,
        name: &'static str,
        poll: Duration,
        signal: fn(&App) -> &Notify,
        work: Work,
    ) {
        let app = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = app.shutdown.cancelled() => return,
                    done = work(&app) => if let Err(e) = done {
                        tracing::warn!(task = name, error = &e as &dyn std::error::Error,
                            "background work failed; it is tried again");
                    }
                }
                tokio::select! {
                    () = app.shutdown.cancelled() => return,
                    () = signal(&app).notified() => {}
                    () = tokio::time::sleep(poll) => {}
                }
            }
        });
    }
}
