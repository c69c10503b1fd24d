//! Log lines, and the subscriber that log lines and traces share.

use std::io::IsTerminal;

use atc_core::observe::TRACES;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::{Traces, TracesConfig};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level makes no sense.
    #[error("not a log level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// It has begun already.
    #[error("logging has begun already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// Traces cannot be sent there.
    #[error("traces cannot be sent: {0}")]
    Traces(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Writes logs to standard error from now on, and sends traces where `traces` says. `level` is a level or a
/// filter such as `info,atc_api=debug`; the libraries below us speak up from `warn` on, because below that
/// they print statements and messages with their values. What `rmcp` calls an error there is a client that
/// has gone.
///
/// # Errors
/// When the level makes no sense, when traces cannot be set up, or when it is called twice.
pub fn start_logging(
    level: &str,
    format: LogFormat,
    traces: Option<TracesConfig>,
) -> Result<Option<Traces>, TelemetryError> {
    let filter = EnvFilter::try_new(format!(
        "warn,{level},sqlx=warn,sea_orm=warn,hyper=warn,rmcp=warn,rmcp::service=off,\
         rmcp::transport::streamable_http_client=off,rmcp::transport::worker=off,\
         rmcp::transport::common=off,{TRACES}=off"
    ))?;
    let lines = lines(format).with_filter(filter);
    let traces = traces.map(Traces::start).transpose()?;
    let sent = traces.as_ref().map(Traces::layer);
    tracing_subscriber::registry().with(lines).with(sent).try_init()?;
    Ok(traces)
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let stderr = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => stderr.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => stderr.json().flatten_event(true).boxed(),
    }
}
