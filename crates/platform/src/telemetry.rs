//! Logs and metrics.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

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
}

/// Seconds that most requests take, for histograms.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Writes logs to standard error from now on. `level` is a level or a filter such as
/// `info,atc_api=debug`; the libraries below us speak up from `warn` on, because below that they
/// print statements and messages with their values. What `rmcp` calls an error there is a client that has gone, and as a
/// client it prints what servers of others say.
///
/// # Errors
/// When the level makes no sense, or when it is called twice.
pub fn start_logging(level: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(format!(
        "warn,{level},sqlx=warn,sea_orm=warn,hyper=warn,rmcp=warn,rmcp::service=off,\
         rmcp::transport::streamable_http_client=off,rmcp::transport::worker=off,\
         rmcp::transport::common=off"
    ))?;
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal()),
            )
            .try_init()?,
        LogFormat::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr))
            .try_init()?,
    }
    Ok(())
}

/// Counts from now on; the handle renders everything in the text format of Prometheus.
///
/// # Errors
/// When counting has begun already.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()
}
