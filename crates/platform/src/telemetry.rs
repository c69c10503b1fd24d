//! Logs, metrics and traces.

mod export;
mod logs;
mod metrics;
mod sampler;
mod traces;

pub use logs::{LogFormat, TelemetryError, start_logging};
pub use metrics::{METRICS, Metric, MetricKind, Metrics, start_metrics};
pub use traces::{Traces, TracesConfig};
