//! Whether everything that is needed is there.

use std::time::Instant;

use atc_core::ports::EngineState;

use crate::App;

/// How the whole fares.
#[derive(Debug, Clone)]
pub struct Health {
    /// The worst of the parts: down when requests cannot be served.
    pub state: ComponentState,
    /// Seconds since the start.
    pub uptime_s: i64,
    /// The parts, by name.
    pub components: Vec<(&'static str, Component)>,
}

/// How one part fares.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its state.
    pub state: ComponentState,
    /// How long it took to answer, in milliseconds.
    pub latency_ms: f64,
    /// What is wrong and how to mend it, or what is worth knowing; safe to show.
    pub detail: Option<String>,
}

/// How well something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentState {
    /// As it should.
    Ok,
    /// It serves, but not all of it or not as well.
    Degraded,
    /// It does not serve.
    Down,
}

impl ComponentState {
    /// The word used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl App {
    /// Looks at every part. Only the database is vital: without a model, a queue or a cache the
    /// service is degraded, not down.
    pub async fn health(&self) -> Health {
        // At once: while the database hangs, several parts wait for it, and whoever asks waits once.
        let (database, queue, storage, ai, replica) = tokio::join!(
            self.database_health(),
            self.queue_health(),
            self.storage_health(),
            self.ai_health(),
            self.replica_health(),
        );
        let mut components = vec![
            ("database", database),
            ("queue", queue),
            ("storage", storage),
            ("cache", self.cache_health()),
            ("ai", ai),
        ];
        components.extend(replica.map(|replica| ("replica", replica)));
        let state = components
            .iter()
            .map(|(name, part)| match part.state {
                ComponentState::Down if *name != "database" => ComponentState::Degraded,
                state => state,
            })
            .max()
            .unwrap_or(ComponentState::Ok);
        let uptime_s = (self.now() - self.started_at()).num_seconds();
        Health { state, uptime_s, components }
    }

    /// Whether requests can be served: the database answers and has the newest schema, and this process
    /// is not about to end.
    pub async fn is_ready(&self) -> Result<(), String> {
        if self.is_draining() {
            return Err("this process ends".to_owned());
        }
        let states = self.store.migration_states().await.map_err(|_| "database".to_owned())?;
        match states.iter().find(|m| !m.applied) {
            Some(pending) => Err(format!("migration {} is not applied", pending.name)),
            None => Ok(()),
        }
    }

    async fn database_health(&self) -> Component {
        let started = Instant::now();
        let (state, detail) = match self.store.ping().await {
            Ok(()) => (ComponentState::Ok, self.store.engine().as_str().to_owned()),
            Err(_) => (
                ComponentState::Down,
                "The database does not answer; look at DATABASE_URL and its server.".to_owned(),
            ),
        };
        component(state, started, Some(detail))
    }

    async fn replica_health(&self) -> Option<Component> {
        let started = Instant::now();
        Some(match self.store.replica_state().await? {
            Ok(()) => component(ComponentState::Ok, started, None),
            Err(why) => {
                let detail = format!(
                    "The replica {why}; the primary serves all reads. Look at DATABASE_REPLICA_URL."
                );
                component(ComponentState::Degraded, started, Some(detail))
            }
        })
    }

    async fn queue_health(&self) -> Component {
        let started = Instant::now();
        match self.store.tickets().count_unindexed().await {
            Ok(_) if let Some(why) = self.bus_trouble() => {
                let detail = format!("{why}; processes find work by looking, which is slower");
                component(ComponentState::Degraded, started, Some(detail))
            }
            Ok(0) => component(ComponentState::Ok, started, None),
            Ok(n) => {
                let detail = format!("{n} tickets wait to be indexed");
                component(ComponentState::Ok, started, Some(detail))
            }
            Err(_) => {
                let detail = "The queue is a table of the database, which does not answer.";
                component(ComponentState::Down, started, Some(detail.to_owned()))
            }
        }
    }

    async fn storage_health(&self) -> Component {
        let started = Instant::now();
        if self.blobs.check().await.is_ok() {
            component(ComponentState::Ok, started, None)
        } else {
            let detail = "Files cannot be stored; look at STORAGE_URL and DATA_DIR.".to_owned();
            component(ComponentState::Down, started, Some(detail))
        }
    }

    fn cache_health(&self) -> Component {
        let started = Instant::now();
        match self.limiter().degraded() {
            None => component(ComponentState::Ok, started, None),
            Some(why) => component(ComponentState::Degraded, started, Some(why)),
        }
    }

    async fn ai_health(&self) -> Component {
        let started = Instant::now();
        let status = self.engine.status();
        let state = match status.state {
            EngineState::Ready => ComponentState::Ok,
            EngineState::Degraded => ComponentState::Degraded,
            EngineState::Unavailable => ComponentState::Down,
        };
        let missing = self.extractor.abilities().into_iter().filter_map(|ability| {
            ability.missing.map(|missing| format!("{}: {missing}", ability.name))
        });
        let details = status.detail.into_iter().chain(missing).chain(self.provider_trouble());
        let details: Vec<_> = details.chain(self.tool_trouble().await).collect();
        // Without a reader of files tickets are still made, and without every wall files still read.
        let state = if details.is_empty() { state } else { state.max(ComponentState::Degraded) };
        component(state, started, (!details.is_empty()).then(|| details.join("; ")))
    }
}

fn component(state: ComponentState, started: Instant, detail: Option<String>) -> Component {
    Component { state, latency_ms: started.elapsed().as_secs_f64() * 1000.0, detail }
}
