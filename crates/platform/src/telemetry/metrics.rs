//! Metrics in the text format of Prometheus: what there is, and how it is counted.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use self::MetricKind::{Counter, Gauge, Histogram};

/// How often what was observed is added up, so that it takes no room while nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Seconds that requests and statements take.
const SHORT: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Seconds that jobs and models take: from a short text to a long recording.
const LONG: &[f64] = &[
    0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
    1800.0,
];
/// Metrics whose seconds are long ones.
const LONG_ONES: [&str; 2] = ["job_seconds", "model_call_seconds"];

/// What a metric does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It tells how many were how large.
    Histogram,
}

/// A metric of this program.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub kind: MetricKind,
    /// What it tells.
    pub help: &'static str,
}

const fn metric(name: &'static str, kind: MetricKind, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

/// Every metric of this program; those of the process (`process_…`) come from their library.
pub const METRICS: [Metric; 29] = [
    metric("build_info", Gauge, "1, with the version of the program as a label."),
    metric(
        "http_requests_total",
        Counter,
        "Requests by method, route template and status code; the status of one whose client left is `gone`.",
    ),
    metric("http_request_seconds", Histogram, "Seconds until the head of the answer was ready."),
    metric("http_requests_in_flight", Gauge, "Requests that are being answered."),
    metric("jobs_total", Counter, "Attempts at jobs by kind and how they ended."),
    metric("job_seconds", Histogram, "Seconds that an attempt at a job took, by kind."),
    metric("jobs_running", Gauge, "Jobs that this process runs, by kind."),
    metric(
        "job_queue_ready",
        Gauge,
        "Jobs of a queue whose time has come and that wait for a place.",
    ),
    metric("job_queue_later", Gauge, "Jobs of a queue whose time is yet to come."),
    metric("job_queue_oldest_seconds", Gauge, "For how long the job waits whose time came first."),
    metric(
        "database_connections",
        Gauge,
        "Connections of a pool, by whether they are used or idle.",
    ),
    metric("database_connections_max", Gauge, "How many connections a pool may have."),
    metric(
        "search_vectors",
        Gauge,
        "Vectors in memory that searches compare, by what they are of.",
    ),
    metric(
        "search_texts_counted",
        Gauge,
        "Texts in which a process counted words, to know the rare ones; 0 before that.",
    ),
    metric(
        "database_begin_seconds",
        Histogram,
        "Seconds until a transaction had begun: on SQLite the wait for the one writer, on PostgreSQL that for \
         a connection.",
    ),
    metric(
        "model_calls_total",
        Counter,
        "Calls of a model by provider, model, operation and outcome.",
    ),
    metric(
        "model_call_seconds",
        Histogram,
        "Seconds that a call of a model took, its wait included.",
    ),
    metric("model_tokens_total", Counter, "Tokens that language models read and wrote."),
    metric(
        "agent_fallbacks_total",
        Counter,
        "Questions of an agent that no language model answered.",
    ),
    metric(
        "agent_malformed_answers_total",
        Counter,
        "Answers that had not the form that was asked for.",
    ),
    metric(
        "agent_budget_refusals_total",
        Counter,
        "Questions not asked because a budget was used up.",
    ),
    metric(
        "triage_skipped_total",
        Counter,
        "Tickets made without triage because it took too long.",
    ),
    metric(
        "indexed_tickets_total",
        Counter,
        "Tickets whose text was indexed for search by meaning.",
    ),
    metric(
        "event_relay_lag_seconds",
        Histogram,
        "Seconds from an event until this process told of it.",
    ),
    metric("sockets_open", Gauge, "Open WebSockets."),
    metric("sockets_closed_total", Counter, "WebSockets that the server closed, by code."),
    metric("webhook_attempts_total", Counter, "Calls of webhook endpoints by outcome."),
    metric("webhook_call_seconds", Histogram, "Seconds that a call of a webhook endpoint took."),
    metric(
        "trace_spans_total",
        Counter,
        "Spans that the collector took, and those that were lost.",
    ),
];

/// Counts, and tells what was counted.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    process: metrics_process::Collector,
}

/// Counts from now on.
///
/// # Errors
/// When counting has begun already.
pub fn start_metrics(version: &'static str) -> Result<Metrics, BuildError> {
    let mut builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SHORT)?;
    for name in LONG_ONES {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), LONG)?;
    }
    let handle = builder.install_recorder()?;
    for Metric { name, kind, help } in METRICS {
        match kind {
            Counter => ::metrics::describe_counter!(name, help),
            Gauge => ::metrics::describe_gauge!(name, help),
            Histogram => ::metrics::describe_histogram!(name, help),
        }
    }
    // What has no labels is there from the beginning, so that nothing and zero are told apart.
    for name in ["triage_skipped_total", "indexed_tickets_total"] {
        ::metrics::counter!(name).increment(0);
    }
    for name in ["http_requests_in_flight", "sockets_open"] {
        ::metrics::gauge!(name).increment(0);
    }
    ::metrics::gauge!("build_info", "version" => version).set(1.0);
    let process = metrics_process::Collector::default();
    process.describe();
    Ok(Metrics { handle, process })
}

impl Metrics {
    /// Everything that was counted, in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.render()
    }

    /// Adds up what was observed, again and again; never ends.
    pub async fn keep(&self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.handle.run_upkeep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://prometheus.io/docs/practices/naming/>
    #[test]
    fn names_are_as_prometheus_wants_them() {
        for Metric { name, kind, help } in METRICS {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Counter, "{name}");
            assert!(kind != Histogram || name.ends_with("_seconds"), "{name}");
            assert!(help.ends_with('.'), "{name}");
        }
        let mut names = METRICS.map(|m| m.name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "each has one meaning");
    }
}
