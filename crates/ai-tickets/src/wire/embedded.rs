//! Everything in one process, on files of this machine or on the servers that are named.

use std::{
    fs::File,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use atc_app::{App, Parts};
use atc_core::ports::{Clock, RateLimiter};
use atc_platform::{
    SystemClock, SystemEntropy,
    limiter::{LocalLimiter, RedisLimiter},
};
use atc_store::Store;

use super::{engine::Engine, secrets};
use crate::config::{Environment, Settings};

/// How many clients one process counts at the same time: a few megabytes.
const MOST_LIMITED_KEYS: usize = 100_000;
/// What of the time to finish is kept for closing the database.
const CLOSING: Duration = Duration::from_millis(500);

/// Opens the database as it is.
pub async fn connect(settings: &Settings) -> Result<Store> {
    make_folder(&settings.data_dir)?;
    let database = &settings.database;
    if let Some(path) = database.url.strip_prefix("sqlite://") {
        // Made here, it is for this account only wherever it lies; SQLite makes its other files
        // like it.
        let file = File::options().append(true).create(true).mode(0o600).open(path);
        file.with_context(|| format!("cannot open the database file {path}"))?;
    }
    let config = atc_store::Config {
        url: database.url.clone(),
        max_connections: database.max_connections,
        acquire_timeout_ms: database.acquire_timeout_ms,
        statement_timeout_ms: database.statement_timeout_ms,
        sqlite_full_sync: database.sqlite_full_sync,
    };
    Store::connect(config).await.context("cannot open the database that DATABASE_URL names")
}

/// Opens the database, brings its schema up to date, and puts the use cases on it. Nothing runs in
/// the background yet.
pub async fn app(settings: &Settings, engine: Engine) -> Result<Arc<App>> {
    let store = connect(settings).await?;
    if settings.database.migrate_on_start {
        store.migrate_up(None).await.context("cannot bring the schema up to date")?;
    }
    if let Some(pending) = store.migration_states().await?.iter().find(|m| !m.applied) {
        bail!(
            "the schema of the database lacks {}: run `ai-tickets migrate up`, or set \
             MIGRATE_ON_START=true",
            pending.name
        );
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(App::new(Parts {
        store,
        limiter: limiter(settings, &clock)?,
        clock,
        entropy: Arc::new(SystemEntropy),
        engine: engine.start(settings),
        config: app_config(settings),
        keys: secrets::keys(settings)?,
    }))
}

fn make_folder(path: &Path) -> Result<()> {
    // What lies in it is for this account only.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make the folder {} that DATA_DIR names", path.display()))
}

fn limiter(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Arc<dyn RateLimiter>> {
    let local = LocalLimiter::new(Arc::clone(clock), MOST_LIMITED_KEYS);
    Ok(match &settings.redis_url {
        Some(url) => {
            Arc::new(RedisLimiter::new(url, Arc::clone(clock), local).context("REDIS_URL")?)
        }
        None => Arc::new(local),
    })
}

fn app_config(settings: &Settings) -> atc_app::Config {
    let accounts = &settings.accounts;
    let triage = &settings.triage;
    atc_app::Config {
        registration_open: accounts.registration_open,
        access_token_ttl_s: accounts.access_token_ttl_s,
        refresh_token_ttl_s: accounts.refresh_token_ttl_s,
        refresh_leeway_s: accounts.refresh_leeway_s,
        bcrypt_cost: accounts.bcrypt_cost,
        password_workers: accounts.password_workers,
        rate_limits: accounts.rate_limits,
        triage_timeout_ms: triage.timeout_ms,
        training_max_labels: triage.max_labels,
        data_dir: settings.data_dir.clone(),
        background_poll_ms: triage.background_poll_ms,
        job_lease_ms: triage.job_lease_ms,
        job_places: triage.job_places.clone(),
    }
}

/// What the HTTP door is told.
pub fn api_config(settings: &Settings) -> atc_api::Config {
    let server = &settings.server;
    atc_api::Config {
        cors_allowed_origins: server.cors_allowed_origins.clone(),
        trusted_proxies: server.trusted_proxies.clone(),
        max_body_bytes: server.max_body_bytes,
        max_batch_body_bytes: server.max_batch_body_bytes,
        max_header_bytes: server.max_header_bytes,
        body_timeout: server.body_timeout,
        request_timeout: server.request_timeout,
        max_sockets_per_user: server.max_sockets_per_user,
        hsts: server.environment == Environment::Production,
    }
}

/// Where the HTTP door is.
pub fn listen(settings: &Settings) -> atc_api::Listen {
    let server = &settings.server;
    atc_api::Listen {
        address: SocketAddr::new(server.host, server.port),
        max_connections: server.max_connections,
        header_timeout: server.header_timeout,
        shutdown_grace: server.shutdown_grace.saturating_sub(CLOSING),
    }
}
