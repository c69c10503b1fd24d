//! Saying once that traces are lost, and once that they are sent again.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

/// An exporter that counts what it sent and what it lost, and logs when that changes instead of each time.
#[derive(Debug)]
pub(super) struct Reporting<E> {
    inner: E,
    failing: AtomicBool,
}

impl<E> Reporting<E> {
    pub fn new(inner: E) -> Self {
        Self { inner, failing: AtomicBool::new(false) }
    }

    fn note(&self, spans: u64, sent: &OTelSdkResult) {
        let outcome = if sent.is_ok() { "sent" } else { "lost" };
        ::metrics::counter!("trace_spans_total", "outcome" => outcome).increment(spans);
        let failed_before = self.failing.swap(sent.is_err(), Ordering::Relaxed);
        match sent {
            Err(e) if !failed_before => {
                tracing::warn!(error = %e, "the collector takes no traces; they are lost until it does");
            }
            Ok(()) if failed_before => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}

impl<E: SpanExporter> SpanExporter for Reporting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let sent = self.inner.export(batch).await;
        self.note(spans, &sent);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
