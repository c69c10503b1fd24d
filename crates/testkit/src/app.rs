//! The whole program behind its HTTP door, on a database of the test's own.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use atc_ai::{EngineConfig, LocalEngine};
use atc_api::{ApiState, Listen};
use atc_app::{App, AssistantBounds, Config, Keys, Parts, RateLimits};
use atc_core::{
    agent::AiSettings,
    text::FullName,
    user::{Email, NewUser, Password, Role},
};
use atc_net::{Client, Guard, Limits};
use atc_platform::{
    blob::ObjectBlobs,
    limiter::LocalLimiter,
    observed::{ObservedEngine, ObservedExtractor},
    telemetry::{self, Metrics},
};
use atc_tools::{Bounds, ToolClient};
use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Method, Request};
use secrecy::SecretSlice;
use tempfile::TempDir;

use crate::{
    Answer, ManualClock, ScriptedModel, SeededEntropy, TestAiSource, TestDb, TextReader,
    client::{Call, Door},
};

/// The password of everyone in these tests.
pub const PASSWORD: &str = "correct horse battery";

/// With what secrets are sealed in these tests.
pub const SEALING_KEY: &str = "a sealing key of thirty-two byte";

/// One process has one place to count in, so that all tests of a process count together.
static METRICS: LazyLock<Metrics> =
    LazyLock::new(|| telemetry::start_metrics("test").expect("nothing else counts in a test"));

/// How servers of tests listen: on a free port of this machine, with bounds that no test meets by chance.
#[must_use]
pub fn listen() -> Listen {
    Listen {
        address: ([127, 0, 0, 1], 0).into(),
        max_connections: 100,
        header_timeout: Duration::from_secs(10),
        answer_timeout: Duration::from_secs(10),
        shutdown_grace: Duration::from_secs(5),
    }
}

/// The program of one test. Nothing runs in its background unless the test starts it.
pub struct TestApp {
    /// The use cases.
    pub app: Arc<App>,
    /// The time, which stands still until the test moves it.
    pub clock: Arc<ManualClock>,
    /// The folder of its files.
    pub files: TempDir,
    /// What every provider of language models answers.
    pub model: ScriptedModel,
    /// Which providers and agents there are: none, until the test says so and reloads.
    pub ai: TestAiSource,
    /// What its routers are made of, for a server that listens.
    pub state: ApiState,
    router: Router,
    dashboard: Router,
    /// Few tests speak MCP, and its tools take a while to make.
    mcp: OnceLock<Router>,
}

impl TestApp {
    /// The program with settings that suit most tests: no limits, a fast password hash, no models.
    #[must_use]
    pub fn new(db: &TestDb) -> Self {
        Self::with(db, |_, _| {})
    }

    /// The program with other settings.
    pub fn with(db: &TestDb, adjust: impl FnOnce(&mut Config, &mut atc_api::Config)) -> Self {
        Self::build(db, without_models(), keys(SEALING_KEY, &[]), adjust)
    }

    /// The program that seals with another key, and knows these others.
    #[must_use]
    pub fn with_keys(db: &TestDb, sealing: &str, others: &[&str]) -> Self {
        Self::build(db, without_models(), keys(sealing, others), |_, _| {})
    }

    /// The program with the real models; `None` where `TEST_MODELS_DIR` does not say where they are.
    #[must_use]
    pub fn with_models(db: &TestDb) -> Option<Self> {
        let models_dir = crate::models_dir()?;
        let engine = EngineConfig { models_dir, ..EngineConfig::default() };
        Some(Self::build(db, engine, keys(SEALING_KEY, &[]), |_, _| {}))
    }

    fn build(
        db: &TestDb,
        engine: EngineConfig,
        keys: Keys,
        adjust: impl FnOnce(&mut Config, &mut atc_api::Config),
    ) -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-31T12:00:00Z"));
        let mut config = Config {
            registration_open: true,
            access_token_ttl_s: 900,
            refresh_token_ttl_s: 1_209_600,
            refresh_leeway_s: 10,
            bcrypt_cost: 4,
            password_workers: 4,
            rate_limits: RateLimits { per_minute: 0, auth_per_minute: 0, uploads_per_minute: 0 },
            triage_timeout_ms: 10_000,
            triage_review_below: 0.4,
            training_max_labels: 1_000,
            data_dir: std::env::temp_dir(),
            max_upload_bytes: 1024 * 1024,
            upload_ttl_s: 3600,
            file_link_ttl_s: 300,
            files_wait_ms: 10_000,
            background_poll_ms: 50,
            events_poll_ms: 500,
            job_lease_ms: 30_000,
            job_places: Vec::new(),
            assistant: AssistantBounds {
                kept_days: 90,
                most_conversations: 200,
                most_messages: 200,
                history_tokens: 8_000,
            },
        };
        let mut api = atc_api::Config {
            cors_allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_body_bytes: 1024 * 1024,
            max_batch_body_bytes: 16 * 1024 * 1024,
            max_header_bytes: 16 * 1024,
            body_timeout: Duration::from_secs(10),
            upload_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_secs(30),
            max_sockets_per_user: 10,
            mcp_allowed_hosts: None,
            mcp_public_url: None,
            mcp_tool_timeout: Duration::from_secs(30),
            hsts: false,
        };
        adjust(&mut config, &mut api);
        let files = tempfile::tempdir().expect("a folder for files");
        let (model, ai) = (ScriptedModel::default(), TestAiSource::default());
        let app = App::new(Parts {
            ai_source: Arc::new(ai.clone()),
            chat_models: Arc::new(model.clone()),
            store: db.store.clone(),
            bus: None,
            blobs: Arc::new(ObjectBlobs::in_folder(files.path()).expect("a folder for files")),
            extractor: Arc::new(ObservedExtractor::new(TextReader)),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new()),
            engine: Arc::new(ObservedEngine::new(LocalEngine::start(engine))),
            limiter: Arc::new(LocalLimiter::new(clock.clone(), 10_000)),
            outgoing: Arc::new(outgoing()),
            tools: Arc::new(ToolClient::new(Arc::new(outgoing()), Bounds::default())),
            webhook_text: atc_api::webhook_text,
            config,
            keys,
        });
        let metrics = METRICS.clone();
        let state = ApiState {
            app: app.clone(),
            config: Arc::new(api),
            metrics: Some(Arc::new(move || metrics.render())),
        };
        let dashboard = atc_api::dashboard(state.clone());
        let router = atc_api::router(state.clone());
        Self { app, clock, files, model, ai, state, router, dashboard, mcp: OnceLock::new() }
    }

    /// Puts providers and agents into force.
    pub async fn with_agents(&self, settings: AiSettings) {
        self.ai.set(settings);
        self.app.load_agents().await.expect("settings that can be used");
    }

    /// Makes an account and logs it in; gives the access token.
    pub async fn login_as(&self, role: Role, email: &str) -> String {
        let new = NewUser {
            email: Email::parse(email).expect("an address"),
            password: Some(Password::parse(PASSWORD).expect("a password")),
            full_name: FullName::parse("Test Person").expect("a name"),
            role,
        };
        self.app.create_user_as_operator(new).await.expect("a new account");
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let login = self.post("/auth/login").json(&body).await;
        login.text("/access_token")
    }

    /// A call without a body yet. A path that is not of the system is below `/api/v1`.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(self, method, path)
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// `POST path`.
    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// `PATCH path`.
    pub fn patch(&self, path: &str) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    /// `DELETE path`.
    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// A call of the job dashboard.
    pub fn dashboard(&self, method: Method, path: &str) -> Call<'_> {
        Call::of(self, Door::Dashboard, method, path)
    }

    /// A call of the MCP port.
    pub fn mcp(&self, method: Method, path: &str) -> Call<'_> {
        Call::of(self, Door::Mcp, method, path)
    }

    pub(crate) async fn answer(&self, door: Door, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
        request.extensions_mut().get_or_insert(ConnectInfo(peer));
        let service = match door {
            Door::Api => self.router.clone(),
            Door::Dashboard => self.dashboard.clone(),
            Door::Mcp => self.mcp.get_or_init(|| atc_api::mcp(self.state.clone())).clone(),
        };
        let response = match tower::ServiceExt::oneshot(service, request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        Answer::read(response).await
    }
}

fn without_models() -> EngineConfig {
    let models_dir = std::env::temp_dir().join("ai-tickets-tests-without-models");
    EngineConfig { models_dir, ..EngineConfig::default() }
}

fn keys(sealing: &str, others: &[&str]) -> Keys {
    let secret = |text: &str| SecretSlice::from(text.as_bytes().to_vec());
    Keys {
        jwt: secret("a signing key of thirty-two byte"),
        encryption: secret(sealing),
        other_encryption: others.iter().map(|text| secret(text)).collect(),
    }
}

/// Calls nobody but servers of the test itself.
fn outgoing() -> Client {
    let here = "127.0.0.1".parse().expect("an address");
    let limits = Limits { timeout: Duration::from_secs(5), answer_bytes: 4096 };
    Client::new(Guard::new(vec![here]), limits).expect("a client")
}
