//! Traces: what was done for a request or a job, how long each part took, sent to a collector over OTLP.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use atc_core::observe::TRACES;
use opentelemetry::{KeyValue, global, trace::TracerProvider};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider},
};
use tracing_subscriber::{
    Layer,
    filter::{self, LevelFilter},
    registry::LookupSpan,
};

use super::{export::Reporting, sampler::Share};

/// How long sending a batch may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// How many spans may wait to be sent; those that come while so many do are lost.
const QUEUE: usize = 8192;
/// How many are sent together at most.
const BATCH: usize = 512;
/// After how long they are sent at the latest.
const EVERY: Duration = Duration::from_secs(2);
/// The path of traces below a collector's address (OTLP 1.x, "OTLP/HTTP Request").
const PATH: &str = "v1/traces";

/// Where traces are sent, and how many.
#[derive(Clone)]
pub struct TracesConfig {
    /// The collector's address, to which `/v1/traces` is added.
    pub endpoint: String,
    /// Headers that the collector asks for; secrets may be among them.
    pub headers: HashMap<String, String>,
    /// By which name the collector knows this program.
    pub service_name: String,
    /// The version of this program.
    pub version: &'static str,
    /// Which share of the traces is sent, 0 to 1.
    pub share: f64,
    /// What calls the collector.
    pub client: Arc<dyn HttpClient>,
}

impl fmt::Debug for TracesConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracesConfig").field("share", &self.share).finish_non_exhaustive()
    }
}

/// Sends traces until it is told to end.
#[derive(Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Begins. Spans are sent by a thread of their own from a bounded queue: a collector that is slow or gone
    /// costs spans and never time.
    pub(super) fn start(config: TracesConfig) -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_shared_http_client(config.client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/{PATH}", config.endpoint.trim_end_matches('/')))
            .with_headers(config.headers)
            .with_timeout(SEND_TIMEOUT)
            // What could not be sent is lost: another try would hold up what comes after it.
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(EVERY)
            .build();
        let processor = BatchSpanProcessor::builder(Reporting::new(exporter))
            .with_batch_config(batches)
            .build();
        let resource = Resource::builder_empty()
            .with_service_name(config.service_name)
            .with_attribute(KeyValue::new("service.version", config.version))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Share(config.share))
            .with_span_processor(processor)
            .build();
        // How the trace of a caller is read from `traceparent`, and told to a job.
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Self { provider })
    }

    /// Turns spans of the target [`TRACES`] into spans of OpenTelemetry, and nothing else.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("ai-tickets"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(
                filter::filter_fn(|meta| meta.is_span() && meta.target() == TRACES)
                    .with_max_level_hint(LevelFilter::INFO),
            )
    }

    /// Sends what waits, for so long at the most. Blocks.
    pub fn finish(&self, within: Duration) {
        if self.provider.shutdown_with_timeout(within).is_err() {
            tracing::warn!("the last traces were not sent");
        }
    }
}
