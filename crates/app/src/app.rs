//! The application: what every use case has at hand.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex as BlockingMutex,
        atomic::{AtomicBool, Ordering},
    },
};

use atc_core::{
    agent::ModelRef,
    ports::{
        AiSource, BlobStore, Bus, ChatModels, Clock, Entropy, Extractor, Outgoing, RateLimiter,
        ToolServers, TriageEngine, new_uuid,
    },
};
use atc_store::{LabelFingerprint, ModelRecord, Store};
use chrono::{DateTime, Utc};
use tokio::{sync::Mutex, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    Config, Keys,
    agents::Agents,
    auth::{AccessTokens, Passwords, RefreshTokens},
    jobs::HistoryCache,
    live::{Live, Told},
    oauth::GrantTokens,
    sealer::Sealer,
    tool_servers::Seen,
    wake::Signals,
};

/// What the binary puts together.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Reads texts.
    pub engine: Arc<dyn TriageEngine>,
    /// What the operator says of providers and agents.
    pub ai_source: Arc<dyn AiSource>,
    /// Makes connections to providers of language models.
    pub chat_models: Arc<dyn ChatModels>,
    /// Keeps the bytes of files.
    pub blobs: Arc<dyn BlobStore>,
    /// Reads files.
    pub extractor: Arc<dyn Extractor>,
    /// Counts requests.
    pub limiter: Arc<dyn RateLimiter>,
    /// Connects the processes of an installation; `None` where this one is alone.
    pub bus: Option<Arc<dyn Bus>>,
    /// Calls other systems.
    pub outgoing: Arc<dyn Outgoing>,
    /// Speaks with servers of others that have tools.
    pub tools: Arc<dyn ToolServers>,
    /// What other systems are told of an event, as JSON.
    pub webhook_text: fn(&Told) -> String,
    /// Settings.
    pub config: Config,
    /// Secrets.
    pub keys: Keys,
}

/// The application. One stands behind every door.
pub struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) engine: Arc<dyn TriageEngine>,
    /// The language models of the agents.
    pub(crate) agents: Agents,
    /// How often the words of language models stood, as looked up a moment ago.
    pub(crate) model_records: BlockingMutex<HashMap<(ModelRef, String), (ModelRecord, Instant)>>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) extractor: Arc<dyn Extractor>,
    pub(crate) config: Config,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) grant_tokens: GrantTokens,
    pub(crate) grant_refresh_tokens: RefreshTokens,
    pub(crate) passwords: Passwords,
    /// Seals kept answers: one may hold the secret of a token.
    pub(crate) answer_sealer: Sealer,
    /// Seals the keys of providers of language models.
    pub(crate) provider_key_sealer: Sealer,
    /// Seals the secrets of webhooks.
    pub(crate) webhook_sealer: Sealer,
    /// Seals what addresses of ours stand for.
    pub(crate) link_sealer: Sealer,
    pub(crate) outgoing: Arc<dyn Outgoing>,
    pub(crate) tools: Arc<dyn ToolServers>,
    /// Seals what servers of tools are shown.
    pub(crate) tool_sealer: Sealer,
    /// Which of them were found unchanged a moment ago.
    pub(crate) tools_seen: Seen,
    pub(crate) webhook_text: fn(&Told) -> String,
    limiter: Arc<dyn RateLimiter>,
    /// Every task of this process; shutdown waits for them.
    pub(crate) tasks: TaskTracker,
    /// This process will end soon, and says so to whoever spreads requests.
    draining: AtomicBool,
    /// Ends what runs in the background.
    pub(crate) shutdown: CancellationToken,
    /// What the loops of this process wait for.
    pub(crate) signals: Signals,
    /// Connects this process with the others.
    pub(crate) bus: Option<Arc<dyn Bus>>,
    /// What the model in use has learnt.
    pub(crate) learnt: Mutex<Learnt>,
    /// How jobs fared over time, as counted a moment ago.
    pub(crate) job_history: HistoryCache,
    /// Who follows the event log.
    pub(crate) live: Live,
    /// Queues that were ever looked at.
    pub(crate) queues_seen: Mutex<BTreeSet<String>>,
    started_at: DateTime<Utc>,
}

/// What the model in use has learnt.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    /// Which stored model it is.
    pub id: Option<Uuid>,
    /// Which labels it has seen.
    pub fingerprint: LabelFingerprint,
}

impl App {
    /// Puts the application together. Nothing runs in the background until
    /// [`App::start_background`].
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            store,
            clock,
            entropy,
            engine,
            ai_source,
            chat_models,
            blobs,
            extractor,
            limiter,
            bus,
            outgoing,
            tools,
            webhook_text,
            config,
            keys,
        } = parts;
        Arc::new(Self {
            access_tokens: AccessTokens::new(keys.jwt_bytes(), config.access_token_ttl_s),
            refresh_tokens: RefreshTokens::of_sessions(keys.jwt_bytes()),
            grant_tokens: GrantTokens::new(keys.jwt_bytes(), config.access_token_ttl_s),
            grant_refresh_tokens: RefreshTokens::of_grants(keys.jwt_bytes()),
            passwords: Passwords::new(config.bcrypt_cost, config.password_workers),
            answer_sealer: Sealer::new(&keys, b"idempotency"),
            provider_key_sealer: Sealer::new(&keys, b"provider keys"),
            webhook_sealer: Sealer::new(&keys, b"webhooks"),
            link_sealer: Sealer::new(&keys, b"links"),
            agents: Agents::new(ai_source, chat_models),
            model_records: BlockingMutex::default(),
            tool_sealer: Sealer::new(&keys, b"tool servers"),
            tools_seen: Seen::default(),
            started_at: clock.now(),
            store,
            clock,
            entropy,
            engine,
            blobs,
            extractor,
            limiter,
            outgoing,
            tools,
            webhook_text,
            config,
            tasks: TaskTracker::new(),
            draining: AtomicBool::new(false),
            shutdown: CancellationToken::new(),
            signals: Signals::new(),
            bus,
            learnt: Mutex::new(Learnt::default()),
            job_history: HistoryCache::default(),
            live: Live::new(),
            queues_seen: Mutex::default(),
        })
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A new identity.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        new_uuid(self.now(), self.entropy.as_ref())
    }

    /// Counts requests.
    #[must_use]
    pub fn limiter(&self) -> &dyn RateLimiter {
        self.limiter.as_ref()
    }

    /// Settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Since when this process serves.
    #[must_use]
    pub fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    /// The tasks that shutdown waits for.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Is cancelled when the process shall end.
    #[must_use]
    pub fn shutdown_token(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Says from now on that this process is not ready, while it goes on serving.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether this process will end soon.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Ends the background, waits for it, and closes the database.
    pub async fn shut_down(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }
}
