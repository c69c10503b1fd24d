//! Log lines, and the subscriber that log lines and traces share.

use std::io::IsTerminal;

use atc_core::observe::TRACES;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, ParseError, Targets},
    fmt,
    layer::{Filter, SubscriberExt},
    util::SubscriberInitExt,
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
/// filter such as `info,atc_api=debug`.
///
/// # Errors
/// When the level makes no sense, when traces cannot be set up, or when it is called twice.
pub fn start_logging(
    level: &str,
    format: LogFormat,
    traces: Option<TracesConfig>,
) -> Result<Option<Traces>, TelemetryError> {
    let filter = filter(level)?;
    let lines = lines(format).with_filter(filter);
    let traces = traces.map(Traces::start).transpose()?;
    let sent = traces.as_ref().map(Traces::layer);
    tracing_subscriber::registry().with(lines).with(sent).try_init()?;
    Ok(traces)
}

/// What is written: what `level` says, and of libraries no more than warnings, because they print statements and
/// messages with their values below that. What `rmcp` calls an error in some places is a client that has gone.
fn filter(level: &str) -> Result<impl Filter<Registry> + 'static, ParseError> {
    let chosen = EnvFilter::try_new(format!("warn,{level}"))?;
    let bounds = Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(["sqlx", "sea_orm", "hyper", "rmcp"].map(|of| (of, LevelFilter::WARN)))
        .with_targets(
            [
                "rmcp::service",
                "rmcp::transport::streamable_http_client",
                "rmcp::transport::worker",
                "rmcp::transport::common",
                TRACES,
            ]
            .map(|of| (of, LevelFilter::OFF)),
        );
    Ok(chosen.and(bounds))
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let stderr = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => stderr.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => stderr.json().flatten_event(true).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{Event, Level, Subscriber, event};
    use tracing_subscriber::layer::Context;

    use super::*;

    /// Keeps who said something, and how loud.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let said = format!("{} {}", event.metadata().target(), event.metadata().level());
            self.0.lock().unwrap().push(said);
        }
    }

    /// What is kept of some events.
    fn kept(level: &str) -> Vec<String> {
        let kept = Kept::default();
        let subscriber =
            tracing_subscriber::registry().with(kept.clone().with_filter(filter(level).unwrap()));
        tracing::subscriber::with_default(subscriber, || {
            event!(target: "atc_api", Level::DEBUG, "ours");
            event!(target: "atc_app", Level::INFO, "ours");
            event!(target: "sqlx::query", Level::INFO, "SELECT 'a secret'");
            event!(target: "sqlx::query", Level::WARN, "slow");
            event!(target: "rmcp::service", Level::ERROR, "a client has gone");
            event!(target: TRACES, Level::ERROR, "a span");
        });
        let kept = kept.0.lock().unwrap();
        kept.clone()
    }

    #[test]
    fn a_level_holds_for_everybody_and_libraries_say_no_more_than_warnings() {
        assert_eq!(kept("error"), [""; 0]);
        assert_eq!(kept("info"), ["atc_app INFO", "sqlx::query WARN"]);
        let all = ["atc_api DEBUG", "atc_app INFO", "sqlx::query WARN"];
        assert_eq!(kept("info,atc_api=debug,sqlx=trace"), all);
        assert_eq!(kept("trace"), all);
    }
}
