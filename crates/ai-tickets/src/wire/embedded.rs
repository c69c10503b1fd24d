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
use atc_ai::models::Manifest;
use atc_app::{App, Parts};
use atc_core::ports::{BlobStore, Bus, Clock, Extractor, Outgoing, RateLimiter, ToolServers};
use atc_llm::{Bounds, Providers};
use atc_media::{MediaReader, Models, ReaderConfig};
use atc_net::{Client, Guard, Limits};
use atc_platform::{
    SystemEntropy,
    blob::{ObjectBlobs, S3Config},
    bus::RedisBus,
    limiter::{LocalLimiter, RedisLimiter},
    observed::{ObservedChats, ObservedExtractor},
};
use atc_store::Store;
use atc_tools::{Bounds as ToolBounds, ToolClient};

use super::{clock::ProcessClock, engine::Engine, secrets};
use crate::config::{Environment, Mcp, Settings};

/// How many clients one process counts at the same time: a few megabytes.
const MOST_LIMITED_KEYS: usize = 100_000;
/// How much of an answer of another system is read.
const MOST_ANSWER_BYTES: usize = 4096;
/// A call of a tool ends by its own time-out, which is shorter.
const LONGEST_TOOL_CALL: Duration = Duration::from_secs(90);
/// The folder of files in `DATA_DIR`.
const FILES_FOLDER: &str = "files";
/// The command by which this program reads a file; see `cli`.
const READ_COMMAND: &str = "read-file";
/// What of the time to finish is kept for closing the database.
const CLOSING: Duration = Duration::from_millis(500);

/// Opens the database as it is.
pub async fn connect(settings: &Settings) -> Result<Store> {
    make_folder(&settings.data_dir)?;
    let database = &settings.database;
    let config = atc_store::Config {
        url: database.url.clone(),
        max_connections: database.max_connections,
        acquire_timeout_ms: database.acquire_timeout_ms,
        statement_timeout_ms: database.statement_timeout_ms,
        replica_url: database.replica_url.clone(),
        sqlite_full_sync: database.sqlite_full_sync,
    };
    open(config).await.context("cannot open the database that DATABASE_URL names")
}

/// Opens a database, making the file of a SQLite database where it is missing.
pub async fn open(config: atc_store::Config) -> Result<Store> {
    if let Some(path) = config.url.strip_prefix("sqlite://") {
        // Made here, it is for this account only wherever it lies; SQLite makes its other files
        // like it.
        let file = File::options().append(true).create(true).mode(0o600).open(path);
        file.with_context(|| format!("cannot open the database file {path}"))?;
    }
    Ok(Store::connect(config).await?)
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
    let process_clock = ProcessClock::of(&store).await.context("the database tells no time")?;
    let clock = process_clock.port();
    let app = App::new(Parts {
        ai_source: Arc::new(settings.ai.clone()),
        chat_models: Arc::new(ObservedChats::new(Providers::new(Bounds::default()))),
        bus: bus(settings, &store)?,
        store: store.clone(),
        blobs: blobs(settings)?,
        extractor: extractor(settings)?,
        limiter: limiter(settings, &clock)?,
        outgoing: outgoing(settings)?,
        tools: tools(settings)?,
        webhook_text: atc_api::webhook_text,
        clock,
        entropy: Arc::new(SystemEntropy),
        engine: engine.start(settings),
        config: app_config(settings),
        keys: secrets::keys(settings)?,
    });
    process_clock.keep(&app, store);
    app.load_agents().await?;
    Ok(app)
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
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

/// What connects the processes of this installation: Redis where it is named, else the database.
fn bus(settings: &Settings, store: &Store) -> Result<Option<Arc<dyn Bus>>> {
    Ok(match &settings.redis_url {
        Some(url) => Some(Arc::new(RedisBus::new(url).context("REDIS_URL")?)),
        None => store.bus()?.map(Arc::from),
    })
}

/// What calls other systems.
fn outgoing(settings: &Settings) -> Result<Arc<dyn Outgoing>> {
    let outgoing = &settings.outgoing;
    let limits = Limits { timeout: outgoing.timeout, answer_bytes: MOST_ANSWER_BYTES };
    Ok(Arc::new(Client::new(Guard::new(outgoing.allowed.clone()), limits)?))
}

/// What speaks with servers of others that have tools.
fn tools(settings: &Settings) -> Result<Arc<dyn ToolServers>> {
    let limits = Limits { timeout: LONGEST_TOOL_CALL, answer_bytes: MOST_ANSWER_BYTES };
    let client = Client::new(Guard::new(settings.outgoing.allowed.clone()), limits)?;
    Ok(Arc::new(ToolClient::new(Arc::new(client), ToolBounds::default())))
}

/// Where the bytes of files are stored.
fn blobs(settings: &Settings) -> Result<Arc<dyn BlobStore>> {
    let files = &settings.files;
    let Some(bucket) = &files.bucket else {
        let folder = settings.data_dir.join(FILES_FOLDER);
        let made = ObjectBlobs::in_folder(&folder);
        return Ok(Arc::new(
            made.with_context(|| format!("cannot make the folder {} for files", folder.display()))?,
        ));
    };
    let config = S3Config {
        bucket: bucket.name.clone(),
        prefix: bucket.prefix.clone(),
        region: files.region.clone(),
        endpoint: files.endpoint.clone(),
        clients: files.clients.clone(),
        credentials: files.credentials.clone(),
    };
    Ok(Arc::new(ObjectBlobs::in_bucket(&config).context("STORAGE_URL")?))
}

/// What reads files: this program, in child processes.
fn extractor(settings: &Settings) -> Result<Arc<dyn Extractor>> {
    let files = &settings.files;
    let manifest = Manifest::embedded()?;
    let folder = |name: &str| {
        let spec = manifest.model(name).with_context(|| format!("there is no model {name}"))?;
        // The child starts elsewhere than this process may be by then.
        Ok::<_, anyhow::Error>(std::path::absolute(spec.dir(&settings.models_dir))?)
    };
    let config = ReaderConfig {
        program: std::env::current_exe().context("cannot find this program's own file")?,
        command: READ_COMMAND,
        models: Models {
            ocr: folder("pp-ocrv6-small")?,
            pdfium: folder("pdfium")?,
            speech: folder("whisper-base")?,
        },
        memory: files.reader_memory,
        timeout: files.reader_timeout,
        recording_timeout: files.recording_timeout,
    };
    Ok(Arc::new(ObservedExtractor::new(MediaReader::new(config))))
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
        triage_review_below: triage.review_below,
        training_max_labels: triage.max_labels,
        data_dir: settings.data_dir.clone(),
        max_upload_bytes: settings.files.max_bytes,
        upload_ttl_s: seconds(settings.files.upload_timeout),
        file_link_ttl_s: seconds(settings.files.link_ttl),
        files_wait_ms: settings.files.wait_ms,
        background_poll_ms: triage.background_poll_ms,
        events_poll_ms: triage.events_poll_ms,
        job_lease_ms: triage.job_lease_ms,
        job_places: triage.job_places.clone(),
        assistant: settings.assistant,
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
        upload_timeout: settings.files.upload_timeout,
        request_timeout: server.request_timeout,
        max_sockets_per_user: server.max_sockets_per_user,
        mcp_allowed_hosts: allowed_hosts(&settings.mcp),
        mcp_public_url: settings.mcp.public_url.clone(),
        mcp_tool_timeout: settings.mcp.tool_timeout,
        hsts: server.environment == Environment::Production,
    }
}

/// By which hosts the MCP server may be called: its public address is one of them.
fn allowed_hosts(mcp: &Mcp) -> Option<Vec<String>> {
    let mut hosts = mcp.allowed_hosts.clone()?;
    let authority = mcp.public_url.as_deref().and_then(|url| url.split("://").nth(1));
    hosts.extend(authority.map(str::to_owned));
    Some(hosts)
}

/// How a door listens on a port.
pub fn listen(settings: &Settings, port: u16) -> atc_api::Listen {
    let server = &settings.server;
    atc_api::Listen {
        address: SocketAddr::new(server.host, port),
        max_connections: server.max_connections,
        header_timeout: server.header_timeout,
        answer_timeout: server.body_timeout,
        shutdown_grace: server.shutdown_grace.saturating_sub(CLOSING),
    }
}
